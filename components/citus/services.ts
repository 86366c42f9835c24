import type { types } from "@pulumi/kubernetes";
import { clusterLabels, groupLabels, groupName, podsService } from "./citus-names";
import type { CitusPlan } from "./citus-plan";

type Service = types.input.core.v1.Service;

const port = { name: "postgresql", port: 5432, targetPort: 5432 };

/** Names for single pods, ready or not: nodes are registered by them and must find each other before they serve. */
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

/** Without a selector: Patroni fills its Endpoints with the group's primary. */
export function primaryService(plan: CitusPlan, group: number): Service {
  return { metadata: metadata(plan, group), spec: { ports: [port] } };
}

/** Patroni keeps its state in the annotations of Endpoints; Kubernetes removes those when their Service goes. */
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
    // Nobody waits for addresses that only Patroni gives, later.
    annotations: { "pulumi.com/skipAwait": "true" },
  };
}
