import type { types } from "@pulumi/kubernetes";
import { groupName, podNames } from "./citus-names";
import type { CitusPlan } from "./citus-plan";

/**
 * The least permissions that Patroni needs: it cannot read Secrets, and can change its own pods and Endpoints only.
 * Kubernetes cannot restrict list, watch and create to names.
 */
export const clusterRules: types.input.rbac.v1.PolicyRule[] = [
  { apiGroups: [""], resources: ["endpoints"], verbs: ["list", "watch", "create"] },
  { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] },
];

/** The permissions for one group. They are deleted after the group's pods, which need them until the group is removed. */
export function groupRules(plan: CitusPlan, group: number): types.input.rbac.v1.PolicyRule[] {
  const endpoints = ["", "-config", "-sync", "-failover"].map((suffix) => `${groupName(plan, group)}${suffix}`);
  return [
    { apiGroups: [""], resources: ["endpoints"], resourceNames: endpoints, verbs: ["get", "patch"] },
    { apiGroups: [""], resources: ["pods"], resourceNames: podNames(plan, group), verbs: ["get", "patch"] },
  ];
}
