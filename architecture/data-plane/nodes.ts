import { refuseIfAny } from "../../common/problem";
import type { Application } from "../application";
import type { PostgresNode } from "../endpoints";
import { isolatedTenantProblems } from "../tenancy/isolated-tenants";
import { tenantValue } from "../tenancy/tenant-value";
import type { DataPlaneSettings } from "./data-plane-settings";
import type { Steps } from "./steps";

const coordinator = "coordinator";

/** The node of plain PostgreSQL, and of a stack whose servers are unknown. */
export const onlyCoordinator: readonly PostgresNode[] = [{ name: coordinator, host: "localhost", port: 5432 }];

/** The membership declarations by node. The coordinator needs none. */
export type Members = ReadonlyMap<PostgresNode, string>;

/** Declares the membership of the workers. It comes before any table, because tables are spread over the members. */
export function declareMembers(steps: Steps, { platform }: DataPlaneSettings, nodes: readonly PostgresNode[]): Members {
  const registeredBy = platform === "kubernetes" ? "patroni" : "tenantry";
  const workers = nodes.filter(({ name }) => name !== coordinator);
  return new Map(workers.map((node) => [node, steps.add("CitusNode", node.name, { node, registeredBy })]));
}

/**
 * Declares where shards lie. It comes after the slots and connectors: a new node has both before its first shard
 * arrives, and a leaving node keeps them until its last event is read.
 */
export function declareShards(
  steps: Steps,
  application: Application,
  settings: DataPlaneSettings,
  nodes: readonly PostgresNode[],
  members: Members,
): void {
  // A tenant with its own schema or database needs no shard of its own.
  if (!application.scope) declareTenantShards(steps, application, settings);
  if (settings.citus === "required" || members.size > 0) steps.addStep("ShardRebalance", application.name, { nodes });
}

/**
 * Declares the shards of isolated tenants. It comes after the connectors, because the log's events of a shard must be
 * read before it is split.
 */
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
