import { refuseIfAny } from "../../common/problem";
import type { Application } from "../application";
import type { PostgresNode } from "../endpoints";
import { isolatedTenantProblems } from "../tenancy/isolated-tenants";
import { tenantValue } from "../tenancy/tenant-value";
import type { DataPlaneSettings } from "./data-plane-settings";
import type { Steps } from "./steps";

const coordinator = "coordinator";

/** The node of plain PostgreSQL, and of a stack whose servers are not known yet. */
export const onlyCoordinator: readonly PostgresNode[] = [{ name: coordinator, host: "localhost", port: 5432 }];

/** The declarations of the nodes that have joined, by node; the coordinator is one by itself. */
export type Members = ReadonlyMap<PostgresNode, string>;

/** Before any table: those are spread over the members. */
export function declareMembers(steps: Steps, { platform }: DataPlaneSettings, nodes: readonly PostgresNode[]): Members {
  const registeredBy = platform === "kubernetes" ? "patroni" : "tenantry";
  const workers = nodes.filter(({ name }) => name !== coordinator);
  return new Map(workers.map((node) => [node, steps.add("CitusNode", node.name, { node, registeredBy })]));
}

/**
 * Which shards lie where. After the streams: a node that joins is read before its first shard comes, and one that leaves
 * until its last event is gone.
 */
export function declareShards(
  steps: Steps,
  application: Application,
  settings: DataPlaneSettings,
  nodes: readonly PostgresNode[],
  members: Members,
): void {
  // A tenant that has a place of its own needs no shard.
  if (!application.scope) declareTenantShards(steps, application, settings);
  if (settings.citus === "required" || members.size > 0) steps.addStep("ShardRebalance", application.name, { nodes });
}

/** When the outbox can be read: their shards are split, and what is in the log is read before. */
function declareTenantShards(
  steps: Steps,
  { schema, tenant }: Application,
  { isolatedTenants = [] }: DataPlaneSettings,
): void {
  refuseIfAny(isolatedTenantProblems(tenant.type, isolatedTenants));
  steps.next();
  for (const written of isolatedTenants) {
    const value = tenantValue(tenant.type, written);
    steps.addStep("TenantShard", value, { schema, table: tenant.table, type: tenant.type, tenant: value });
  }
}
