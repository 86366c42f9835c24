import { durationMs } from "../common/duration";
import { capacity, utilisation } from "./capacity";
import type { PlanValues } from "./planned";
import type { Rates } from "./rates";
import type { Workload } from "./workload";

/** The load of one database cluster: of the whole service, or in the model `silo` of the largest tenant. */
export interface Load {
  /** Work that a machine does in a second. */
  readonly rates: Rates;
  /** The share of the service's load. */
  readonly part: number;
  /** The largest tenant's share of this database's load. */
  readonly largest: number;
  /** The share of a node's capacity that the peak may use. */
  readonly utilisation: number;
  /** Writing transactions a second, on average. An event without a write of its own counts as one. */
  readonly transactions: number;
  readonly events: number;
  /** Cores that the peak needs at this utilisation. */
  readonly cores: number;
  /** Bytes of WAL for each writing transaction. */
  readonly walBytes: number;
  /** Bytes in the cache for each writing transaction a second. */
  readonly cachedBytes: number;
  /** Bytes stored for each writing transaction a second, in all tiers and the outbox. */
  readonly storedBytes: number;
}

/** The outbox keeps an event for three days by default, or longer if `outage` is longer. */
const outboxSeconds = 3 * 86_400;

export function loadOf(workload: Workload, model: PlanValues["model"], rates: Rates): Load {
  const part = model === "silo" ? workload.tenants.largest : 1;
  const used = utilisation[workload.budget];
  const transactions = Math.max(workload.writes, workload.events) * part;
  const events = workload.events * part;
  const reads = workload.reads * part;
  const eventBytes = workload.eventSize.bytes + capacity.eventOverhead;
  return {
    rates,
    part,
    largest: model === "silo" ? 1 : workload.tenants.largest,
    utilisation: used,
    transactions,
    events,
    cores: (capacity.peak * (transactions / rates.writesPerCore + reads / rates.readsPerCore)) / used,
    walBytes: capacity.walOverhead * (workload.rowSize.bytes + eventBytes),
    cachedBytes: cachedRow(workload),
    storedBytes: storedRow(workload, rates) + Math.max(outboxSeconds, seconds(workload.outage)) * eventBytes,
  };
}

/** A row's size with its indexes, times the seconds for which it is hot. */
function hotRow({ rowSize, retention: { hot } }: Workload): number {
  return rowSize.bytes * capacity.rowOverhead * seconds(hot);
}

/** A row's size with its indexes, times the seconds for which it stays in the cache. */
function cachedRow(workload: Workload): number {
  const { rowSize, retention } = workload;
  const young = Math.min(capacity.cachedSeconds, seconds(retention.hot));
  return rowSize.bytes * capacity.rowOverhead * young + capacity.cachedShare * hotRow(workload);
}

/** A row's size times the seconds until it is cold and leaves the database. In the warm tier it is compressed. */
function storedRow(workload: Workload, { warmRatio }: Rates): number {
  const { rowSize, retention } = workload;
  const warmSeconds = retention.warm ? seconds(retention.warm) - seconds(retention.hot) : 0;
  return hotRow(workload) + rowSize.bytes * capacity.rowOverhead * warmSeconds * warmRatio;
}

export function seconds(duration: Parameters<typeof durationMs>[0]): number {
  return durationMs(duration) / 1_000;
}

/**
 * Writing transactions that one node takes, a second on average: half of all or the largest tenant's share, but no more
 * than its cores allow. It does not depend on the number of workers, so that a larger load, which adds a worker, never
 * makes the nodes smaller.
 */
export function transactionsPerNode(load: Load, cores: number): number {
  const fair = load.transactions * Math.max(1 / 2, load.largest);
  return Math.min(fair, (cores * load.rates.writesPerCore * load.utilisation) / capacity.peak);
}
