import type { Problem } from "../common/problem";
import type { ClusterApi } from "./api";
import type { ApiOf } from "./kubernetes-client";

/** The verbs that `up` and `destroy` need for each kind of object, and that Pulumi needs to wait for it. */
const verbs = ["get", "list", "watch", "create", "patch", "delete"] as const;

/** The kinds of objects in a stack, by API group, in the plural form that permissions use. */
export const managedKinds: Readonly<Record<string, readonly string[]>> = {
  "": ["configmaps", "persistentvolumeclaims", "secrets", "serviceaccounts", "services"],
  apps: ["deployments", "statefulsets"],
  batch: ["cronjobs", "jobs"],
  "kafka.strimzi.io": ["kafkaconnects", "kafkanodepools", "kafkas", "kafkausers"],
  "networking.k8s.io": ["networkpolicies"],
  policy: ["poddisruptionbudgets"],
  "rbac.authorization.k8s.io": ["rolebindings", "roles"],
};

/** The additional kinds in a stack with monitoring. */
export const monitoringKinds: typeof managedKinds = { "monitoring.coreos.com": ["podmonitors", "prometheusrules"] };

/** A permission that `up` needs. */
interface Right {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  /** Undefined for cluster-wide objects. */
  readonly namespace?: string;
}

/** All permissions that `up` and `destroy` need in a namespace, for objects they change and objects they only read. */
export function neededRights(namespace: string, isMonitored = false): Right[] {
  const kinds = { ...managedKinds, ...(isMonitored && monitoringKinds) };
  const managed = Object.entries(kinds).flatMap(([group, resources]) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ group, resource, verb, namespace }))),
  );
  const watched = ["pods", "events"].flatMap((resource) =>
    ["list", "watch"].map((verb) => ({ group: "", resource, verb, namespace })),
  );
  // The stack grants these to Patroni, and a user can grant only permissions that he has himself.
  const granted = ["get", "list", "watch", "create", "patch"].map((verb) => ({
    group: "",
    resource: "endpoints",
    verb,
    namespace,
  }));
  const pods = ["get", "patch"].map((verb) => ({ group: "", resource: "pods", verb, namespace }));
  const own = ["get", "create", "patch", "delete"].map((verb) => ({ group: "", resource: "namespaces", verb }));
  return [...managed, ...watched, ...granted, ...pods, ...own];
}

/** A rule in the API server's list of a user's permissions in a namespace. */
type Rule = ApiOf<"V1ResourceRule">;

/** Asks the API server for the needed permissions and returns a problem for those that are missing. */
export async function missingRights(api: ClusterApi, namespace: string, isMonitored: boolean): Promise<Problem[]> {
  const review = await api.authorization.createSelfSubjectRulesReview({ body: { spec: { namespace } } });
  const rules = review.status?.resourceRules ?? [];
  // The list may be incomplete and does not cover cluster-wide objects, so permissions that it lacks are checked one by one.
  const needed = neededRights(namespace, isMonitored).filter((right) => !isListed(right, rules));
  const allowed = await Promise.all(needed.map((right) => isAllowed(api, right)));
  return rightsProblem(
    api.context,
    namespace,
    needed.filter((_, index) => !allowed[index]),
  );
}

export function isListed({ group, resource, verb, namespace }: Right, rules: readonly Rule[]): boolean {
  const names = (list: readonly string[] | undefined, name: string) =>
    (list ?? []).some((listed) => listed === "*" || listed === name);
  return (
    namespace !== undefined &&
    rules.some(
      (rule) =>
        names(rule.apiGroups, group) &&
        names(rule.resources, resource) &&
        names(rule.verbs, verb) &&
        (rule.resourceNames ?? []).length === 0,
    )
  );
}

async function isAllowed(api: ClusterApi, right: Right): Promise<boolean> {
  const body = { spec: { resourceAttributes: { ...right } } };
  const { status } = await api.authorization.createSelfSubjectAccessReview({ body });
  return status?.allowed ?? false;
}

/** One problem for all missing permissions, with a line for each kind. */
export function rightsProblem(context: string, namespace: string, missing: readonly Right[]): Problem[] {
  if (missing.length === 0) return [];
  const kindOf = ({ resource, group }: Right) => (group ? `${resource}.${group}` : resource);
  const lines = [...new Set(missing.map(kindOf))].map((kind) => {
    const of = missing.filter((right) => kindOf(right) === kind);
    return `${kind}: ${of.map(({ verb }) => verb).join(", ")}`;
  });
  return [
    {
      what: `The user of the context \`${context}\` lacks permissions, so \`up\` would stop half-way`,
      got: `not allowed: ${lines.join("\n            ")}`,
      expected: `all of these in the namespace \`${namespace}\`, and the namespace itself`,
      fix: `Ask for a Role with them, or try \`kubectl --context ${context} auth can-i --list --namespace ${namespace}\``,
    },
  ];
}
