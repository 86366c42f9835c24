import { durationMs } from "../common/duration";
import { capacity, utilisation } from "./capacity";
import type { PlanValues } from "./planned";
import type { Rates } from "./rates";
import type { Workload } from "./workload";

/** The load of one database cluster: of the whole service, or of the largest tenant in a silo of its own. */
export interface Load {
  /** What a machine does in a second. */
  readonly rates: Rates;
  /** The part of the service's load. */
  readonly part: number;
  /** The largest tenant's part of this database's load. */
  readonly largest: number;
  /** Of a node's capacity, at the peak. */
  readonly utilisation: number;
  /** Writing transactions a second, on average; an event without a write of its own counts as one. */
  readonly transactions: number;
  readonly events: number;
  /** Cores that the peak needs with the utilisation that the budget allows. */
  readonly cores: number;
  /** Bytes that a writing transaction leaves in the log. */
  readonly walBytes: number;
  /** Bytes that a writing transaction keeps in the cache. */
  readonly cachedBytes: number;
  /** Bytes that a writing transaction keeps stored, all tiers and the outbox together. */
  readonly storedBytes: number;
}

/** The outbox keeps an event three days by default; the longest outage that may be bridged is longer in some stacks. */
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
    storedBytes: storedRow(workload) + Math.max(outboxSeconds, seconds(workload.outage)) * eventBytes,
  };
}

/** Byte seconds of a row with its indexes, as long as it is hot. */
function hotRow({ rowSize, retention: { hot } }: Workload): number {
  return rowSize.bytes * capacity.rowOverhead * seconds(hot);
}

/** The same, of what is read again and again. */
function cachedRow(workload: Workload): number {
  const { rowSize, retention } = workload;
  const young = Math.min(capacity.cachedSeconds, seconds(retention.hot));
  return rowSize.bytes * capacity.rowOverhead * young + capacity.cachedShare * hotRow(workload);
}

/** Byte seconds of a row until it is cold, when it has left the database; in between it is compressed. */
function storedRow(workload: Workload): number {
  const { rowSize, retention } = workload;
  const warmSeconds = retention.warm ? seconds(retention.warm) - seconds(retention.hot) : 0;
  return hotRow(workload) + rowSize.bytes * capacity.rowOverhead * warmSeconds * capacity.warmRatio;
}

export function seconds(duration: Parameters<typeof durationMs>[0]): number {
  return durationMs(duration) / 1_000;
}

/**
 * Writing transactions that one node takes, a second on average: half of all, or the largest tenant's part, and never
 * more than its cores allow. Counted like this, and not by the number of workers, a node is never planned smaller because a
 * larger load brought one more of them.
 */
export function transactionsPerNode(load: Load, cores: number): number {
  const fair = load.transactions * Math.max(1 / 2, load.largest);
  return Math.min(fair, (cores * load.rates.writesPerCore * load.utilisation) / capacity.peak);
}
