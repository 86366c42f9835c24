import type { types } from "@pulumi/kubernetes";
import { formatQuantity } from "../../common/quantity";
import { groupLabels, groupName, groupsOf, podNames, podsService } from "./citus-names";
import type { CitusPlan } from "./citus-plan";
import { podTemplate } from "./pod";

type ObjectMeta = types.input.meta.v1.ObjectMeta;

/** The StatefulSet of one Patroni group. */
export function statefulSet(plan: CitusPlan, group: number) {
  const labels = groupLabels(plan, group);
  const retention = plan.protect ? "Retain" : "Delete";
  return {
    metadata: { name: groupName(plan, group), namespace: plan.namespace, labels },
    spec: {
      serviceName: podsService(plan),
      replicas: plan.replicas,
      podManagementPolicy: "Parallel",
      selector: { matchLabels: labels },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: retention, whenScaled: retention },
      template: podTemplate(plan, group),
      volumeClaimTemplates: [{ metadata: { name: "data", labels }, spec: claimSpec(plan, group) }],
    },
  } satisfies types.input.apps.v1.StatefulSet;
}

/**
 * The volume claims of a group, under the names that its StatefulSet expects. A StatefulSet's own template can never change,
 * but a claim can grow: the preview shows that, and the API server refuses to shrink a claim.
 */
export function volumeClaims(plan: CitusPlan, group: number) {
  return podNames(plan, group).map((pod) => ({
    metadata: {
      name: claimName(pod),
      namespace: plan.namespace,
      labels: groupLabels(plan, group),
      // Many storage classes create the volume only when the pod exists.
      annotations: { "pulumi.com/skipAwait": "true" },
    } satisfies ObjectMeta,
    spec: claimSpec(plan, group),
  }));
}

/** The volume claims of all groups, with their sizes. */
export function wantedVolumes(plan: CitusPlan) {
  return groupsOf(plan).flatMap((group) =>
    podNames(plan, group).map((pod) => ({ claim: claimName(pod), size: storageOf(plan, group) })),
  );
}

/** The claim's name, as the StatefulSet builds it. */
function claimName(pod: string): string {
  return `data-${pod}`;
}

function storageOf(plan: CitusPlan, group: number) {
  return (group === 0 ? plan.coordinator : plan.worker).storage;
}

function claimSpec(plan: CitusPlan, group: number): types.input.core.v1.PersistentVolumeClaimSpec {
  return {
    accessModes: ["ReadWriteOnce"],
    ...(plan.storageClass !== undefined && { storageClassName: plan.storageClass }),
    resources: { requests: { storage: formatQuantity(storageOf(plan, group)) } },
  };
}

/** Allows only one pod of a group to be evicted at a time while machines are drained. */
export function disruptionBudget(plan: CitusPlan, group: number) {
  const labels = groupLabels(plan, group);
  return {
    metadata: { name: groupName(plan, group), namespace: plan.namespace, labels },
    spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
  } satisfies types.input.policy.v1.PodDisruptionBudget;
}
