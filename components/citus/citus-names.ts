import type { PostgresNode } from "../../architecture/endpoints";
import type { CitusPlan } from "./citus-plan";

type Named = Pick<CitusPlan, "name" | "namespace">;

/** The superuser that Patroni and the nodes use among themselves, by certificate only. */
export const nodeUser = "postgres";
/** The superuser that people and `pulumi up` log in with. */
export const adminUser = "tenantry";
/** The common name of the nodes' certificate. `pg_ident` maps it to every role, so its key may log in as any of them. */
export const nodeCommonName = "citus-node";

/** The numbers of the groups: 0 is the coordinator, the workers start at 1. */
export function groupsOf({ workers }: Pick<CitusPlan, "workers">): number[] {
  return Array.from({ length: workers + 1 }, (_, group) => group);
}

export function groupName({ name }: Named, group: number): string {
  return `${name}-${group}`;
}

export function podNames(plan: Named & Pick<CitusPlan, "replicas">, group: number): string[] {
  return Array.from({ length: plan.replicas }, (_, index) => `${groupName(plan, group)}-${index}`);
}

/** The headless Service. Nodes are registered under its DNS names. */
export function podsService({ name }: Named): string {
  return `${name}-pods`;
}

/** The host name of a group's primary, whichever pod that is. */
export function groupHost(plan: Named, group: number): string {
  return `${groupName(plan, group)}.${plan.namespace}.svc`;
}

export function podHost(plan: Named, pod: string): string {
  return `${pod}.${podsService(plan)}.${plan.namespace}.svc`;
}

/** The Secret with a role's `username` and `password`. Pods that log in as the role mount it. */
export function loginSecret({ name }: Pick<CitusPlan, "name">, role: string): string {
  return `${name}-login-${role.replaceAll("_", "-")}`;
}

export function tlsSecret({ name }: Pick<CitusPlan, "name">): string {
  return `${name}-tls`;
}

/** The ConfigMap with `ca.crt`, by which clients verify the nodes. */
export function authorityMap({ name }: Pick<CitusPlan, "name">): string {
  return `${name}-ca`;
}

/** The toolkit's name for the node of a worker's group. */
export function workerName(group: number): string {
  return `worker_${group}`;
}

/** The nodes that hold shards, in the toolkit's own terms. */
export function shardNodes(plan: Named & Pick<CitusPlan, "workers">): PostgresNode[] {
  return groupsOf(plan)
    .slice(1)
    .map((group) => ({ name: workerName(group), host: groupHost(plan, group), port: 5432 }));
}

/** The DNS names in the nodes' certificate. They are wildcards, so that scaling needs no new certificate. */
export function certificateNames(plan: Named): string[] {
  const { namespace } = plan;
  const hosts = [`*.${podsService(plan)}.${namespace}.svc`, `*.${namespace}.svc`];
  return [...hosts, ...hosts.map((host) => `${host}.cluster.local`)];
}

/** Labels by which Patroni, Services and policies select a cluster's pods. */
export function clusterLabels({ name }: Pick<CitusPlan, "name">): Record<string, string> {
  return { "app.kubernetes.io/name": "citus", "cluster-name": name };
}

export function groupLabels(plan: Pick<CitusPlan, "name">, group: number): Record<string, string> {
  return { ...clusterLabels(plan), "citus-group": String(group) };
}

/** Pods with this label, in any namespace, may connect to the database. */
export function clientLabel({ name }: Pick<CitusPlan, "name">): Record<string, string> {
  return { "tenantry.io/database-client": name };
}

/** Label of the pods of the cluster's own Jobs, which connect to the nodes as a node does. */
export function nodeClientLabel({ name }: Pick<CitusPlan, "name">): Record<string, string> {
  return { "tenantry.io/node-client": name };
}
