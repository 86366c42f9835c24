import { citusNode } from "../resources/citus-node";
import { connector } from "../resources/connector";
import { distributedTable } from "../resources/distributed-table";
import { migration } from "../resources/migration";
import { outbox } from "../resources/outbox";
import { partitionSet } from "../resources/partition-set";
import { processedEvents } from "../resources/processed-events";
import { referenceTable } from "../resources/reference-table";
import { replicationSlot } from "../resources/replication-slot";
import { roleBoundary } from "../resources/role-boundary";
import { schemaChange } from "../resources/schema-change";
import { shardRebalance } from "../resources/shard-rebalance";
import { tenantDatabase } from "../resources/tenant-database";
import { tenantIsolation } from "../resources/tenant-isolation";
import { tenantSchema } from "../resources/tenant-schema";
import { tenantShard } from "../resources/tenant-shard";
import type { ResourceHandler } from "./resource-handler";

/** Every handler by its noun. Each parses its own inputs, so callers need not know their types. */
export const resourceHandlers = new Map<string, ResourceHandler<object>>(
  [
    citusNode,
    migration,
    schemaChange,
    tenantDatabase,
    tenantSchema,
    distributedTable,
    referenceTable,
    tenantIsolation,
    roleBoundary,
    partitionSet,
    outbox,
    processedEvents,
    replicationSlot,
    connector,
    tenantShard,
    shardRebalance,
  ].map((handler) => [handler.noun, handler as ResourceHandler<object>]),
);
