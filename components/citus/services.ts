import type { types } from "@pulumi/kubernetes";
import { clusterLabels, groupLabels, groupName, podsService } from "./citus-names";
import type { CitusPlan } from "./citus-plan";

type Service = types.input.core.v1.Service;

const port = { name: "postgresql", port: 5432, targetPort: 5432 };

/** Gives each pod a DNS name, even before it is ready: nodes are registered by these names and must find each other to start. */
export function headlessService(plan: CitusPlan): Service {
  return {
    metadata: { name: podsService(plan), namespace: plan.namespace, labels: clusterLabels(plan) },
    spec: {
      clusterIP: "None",
      publishNotReadyAddresses: true,
      selector: clusterLabels(plan),
      ports: [port, { name: "patroni", port: 8008, targetPort: 8008 }],
    },
  };
}

/** The Service of a group's primary. It has no selector because Patroni fills its Endpoints. */
export function primaryService(plan: CitusPlan, group: number): Service {
  return { metadata: metadata(plan, group), spec: { ports: [port] } };
}

/** Services that own the Endpoints in which Patroni keeps its state, so that Kubernetes deletes those with them. */
export function stateServices(plan: CitusPlan, group: number): { readonly key: string; readonly args: Service }[] {
  return ["config", "sync", "failover"].map((suffix) => ({
    key: `store-${suffix}`,
    args: { metadata: metadata(plan, group, `-${suffix}`), spec: { clusterIP: "None" } },
  }));
}

function metadata(plan: CitusPlan, group: number, suffix = ""): types.input.meta.v1.ObjectMeta {
  return {
    name: `${groupName(plan, group)}${suffix}`,
    namespace: plan.namespace,
    labels: groupLabels(plan, group),
    // Patroni adds the addresses later, so Pulumi must not wait for them.
    annotations: { "pulumi.com/skipAwait": "true" },
  };
}
