import type { types } from "@pulumi/kubernetes";
import { groupName, podNames } from "./citus-names";
import type { CitusPlan } from "./citus-plan";

/**
 * What Patroni needs of the API server, and no more: Secrets are out of reach, and only its own pods and Endpoints can be
 * changed. Kubernetes cannot bind list, watch and create to names.
 */
export const clusterRules: types.input.rbac.v1.PolicyRule[] = [
  { apiGroups: [""], resources: ["endpoints"], verbs: ["list", "watch", "create"] },
  { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] },
];

/** Of one group: they go after its pods, which lead until they are emptied and removed. */
export function groupRules(plan: CitusPlan, group: number): types.input.rbac.v1.PolicyRule[] {
  const endpoints = ["", "-config", "-sync", "-failover"].map((suffix) => `${groupName(plan, group)}${suffix}`);
  return [
    { apiGroups: [""], resources: ["endpoints"], resourceNames: endpoints, verbs: ["get", "patch"] },
    { apiGroups: [""], resources: ["pods"], resourceNames: podNames(plan, group), verbs: ["get", "patch"] },
  ];
}
