import { durationMs } from "../common/duration";
import { capacity, largeEventBytes, nodeLimit } from "./capacity";
import { busyConnections } from "./connections";
import { formatNumber } from "./format-number";
import type { Load } from "./load";
import { cachedGiB, coresPerNode } from "./node-plan";
import { intervalDuration } from "./partition-plan";
import type { PlannedValues } from "./planned";
import { mostPooled, reservedConnections } from "./pool";
import { mostTenants, type Workload } from "./workload";

/**
 * An assumption: with more shards, planning a query and keeping the catalogs in memory take longer than most queries.
 */
const manyShards = 50_000;

/** Facts that the team should know before it builds this. */
export function warningsOf(workload: Workload, load: Load, values: PlannedValues): string[] {
  const { model, workers, replicas, minInsyncReplicas, replicationFactor, workerStorage } = values;
  const warnings: string[] = [...loadWarnings(workload, load, values), ...partitionWarnings(workload, values)];
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
  const memory = workers.value > 0 ? ("workerMemory" as const) : ("coordinatorMemory" as const);
  const cached = cachedGiB(load, coresPerNode(load));
  if (cached > values[memory].value / 2) {
    warnings.push(
      `About ${formatNumber(Math.round(cached))} GiB of a node's rows are read again and again, and half of its memory holds ${formatNumber(values[memory].value / 2)}: ` +
        `reads wait for the disk. Set \`${memory}\`, or shorten \`retention.hot\`.`,
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

/** Warnings about the load itself, which no size can solve. */
function loadWarnings(workload: Workload, load: Load, { poolSize, delivery }: PlannedValues): string[] {
  const { tenants, writes, reads, events, eventSize, consistency } = workload;
  const warnings: string[] = [];
  if (writes === 0 && reads === 0 && events === 0) {
    warnings.push("The workload neither writes nor reads: every size is the smallest that works.");
  }
  if (tenants.inAYear < tenants.now) {
    warnings.push(
      `The tenants become fewer: the plan is for the ${formatNumber(mostTenants(workload))} of now. Plan again when they have left; a volume never shrinks.`,
    );
  }
  if (consistency === "eventual") {
    warnings.push(
      "`eventual` plans what `bounded` does: neither waits for a standby, and `availability` decides how many there are.",
    );
  }
  if (eventSize.bytes > largeEventBytes) {
    warnings.push(
      `Events of ${formatNumber(Math.round(eventSize.bytes / 1024))} KiB fill the outbox, the log, every copy in Kafka and every consumer: send a claim check, with the content in object storage.`,
    );
  }
  const busy = busyConnections(workload, load);
  if (poolSize.value < busy) {
    warnings.push(
      `The peak has ${formatNumber(Math.ceil(busy))} transactions in progress, and the coordinator's memory has room for a pool of ${formatNumber(poolSize.value)}: ` +
        "the others wait in PgBouncer. Give the coordinator more memory (`coordinatorMemory`), or let clients connect to the workers too.",
    );
  }
  const most = load.rates[delivery.value === "exactly-once" ? "eventsExactlyOnce" : "eventsAtLeastOnce"];
  const largest = events * (load.part === 1 ? load.largest : load.part) * capacity.peak;
  if (largest > most) {
    warnings.push(
      `The largest tenant's node has ${formatNumber(Math.ceil(largest))} events a second at the peak, and its one connector reads ${formatNumber(most)}: events wait until the peak is over.`,
    );
  }
  return warnings;
}

/** Warns of too many partitions, because a partition of a distributed table is a table on every shard. */
function partitionWarnings({ retention }: Workload, { dataInterval, shardCount }: PlannedValues): string[] {
  const kept = durationMs(retention.warm ?? retention.hot);
  const partitions = Math.ceil(kept / durationMs(intervalDuration(dataInterval.value)));
  const count = partitions * shardCount.value;
  if (count <= manyShards) return [];
  return [
    `A table partitioned by ${dataInterval.value} has ${formatNumber(partitions)} partitions of ${formatNumber(shardCount.value)} shards each, ${formatNumber(count)} tables: ` +
      "planning and the catalogs suffer. Move rows out of the database earlier (shorter `retention.hot` and `retention.warm`), or set a longer `dataInterval`.",
  ];
}
