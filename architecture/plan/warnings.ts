import { mostPooled, reservedConnections } from "../pool";
import { nodeLimit } from "./capacity";
import type { Load } from "./load";
import type { PlannedValues } from "./planned";
import type { Workload } from "./workload";

/** What the team should know before it builds this. */
export function warningsOf(workload: Workload, load: Load, values: PlannedValues): string[] {
  const { model, workers, replicas, minInsyncReplicas, replicationFactor, workerStorage } = values;
  const warnings: string[] = [];
  if (model.value !== "silo" && load.cores * load.largest > nodeLimit.cores) {
    warnings.push(
      `The largest tenant alone needs ${Math.ceil(load.cores * load.largest)} cores, more than a worker of ${nodeLimit.cores}: give it a silo, or split it into several tenants.`,
    );
  }
  if (model.value !== "silo" && load.cores / 4 > nodeLimit.cores) {
    warnings.push(
      "One coordinator can't route the peak: let clients connect to the workers too; each of them plans queries as it does.",
    );
  }
  if (workers.value > 64) {
    warnings.push(
      `${workers.value} workers are more than a stack takes (64): split the tenants between several stacks.`,
    );
  }
  if (workload.consistency === "strong" && replicas.value < 2) {
    warnings.push(
      "Strong consistency without a standby: what was committed after the last backup is lost with its node.",
    );
  }
  if (minInsyncReplicas.value > replicationFactor.value) {
    warnings.push(
      `${minInsyncReplicas.value} copies must be written for an event to be taken, and there are ${replicationFactor.value}: none ever is.`,
    );
  } else if (replicationFactor.value > 1 && minInsyncReplicas.value >= replicationFactor.value) {
    warnings.push("Every copy must be there for an event to be taken: one broker's restart stops all events.");
  }
  if (values.brokers.value < replicationFactor.value) {
    warnings.push(
      `${replicationFactor.value} copies need as many brokers: topics can't be made on ${values.brokers.value}.`,
    );
  }
  const pooled = mostPooled(values.poolSize.value);
  if (values.maxConnections.value < pooled + reservedConnections) {
    warnings.push(
      `The pool takes ${pooled} connections while its pods are replaced, and ${reservedConnections} are for others: ` +
        `of ${values.maxConnections.value} PgBouncer gets fewer, and clients wait at the peak.`,
    );
  }
  if (model.value !== "silo" && values.shardCount.value < workers.value) {
    warnings.push(`${values.shardCount.value} shards can't be spread over ${workers.value} workers: some stay empty.`);
  }
  if (values.maxSlotWalKeepSize.value >= workerStorage.value) {
    warnings.push("max_slot_wal_keep_size is as large as the disk: a slot without a reader stops the node.");
  }
  if (values.isolatedTenants.value > 0) {
    const count = values.isolatedTenants.value;
    warnings.push(
      `Give the ${count === 1 ? "largest tenant a shard of its own: write its id" : `${count} largest tenants shards of their own: write their ids`} ` +
        "into the stack as `tenantry:isolatedTenants: [ID, ...]`.",
    );
  }
  if (workload.tenants.now < 100 && workload.tenants.inAYear >= 100 && model.value === "shared") {
    warnings.push(
      "Silos or schemas would fit today's tenants; the plan is for those in a year, because a model is hard to leave.",
    );
  }
  return warnings;
}
