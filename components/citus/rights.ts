import type { types } from "@pulumi/kubernetes";
import { groupName, groupsOf, podNames } from "./names";
import type { CitusPlan } from "./plan";

/**
 * What Patroni needs of the API server, and no more: Secrets are out of reach, and only its own pods and Endpoints can be
 * changed. Kubernetes cannot bind list, watch and create to names.
 */
export function patroniRules(plan: CitusPlan): types.input.rbac.v1.PolicyRule[] {
  const groups = groupsOf(plan);
  const endpoints = groups.flatMap((group) =>
    ["", "-config", "-sync", "-failover"].map((suffix) => `${groupName(plan, group)}${suffix}`),
  );
  const pods = groups.flatMap((group) => podNames(plan, group));
  return [
    { apiGroups: [""], resources: ["endpoints"], verbs: ["list", "watch", "create"] },
    { apiGroups: [""], resources: ["endpoints"], resourceNames: endpoints, verbs: ["get", "patch"] },
    { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] },
    { apiGroups: [""], resources: ["pods"], resourceNames: pods, verbs: ["get", "patch"] },
  ];
}
