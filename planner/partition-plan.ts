import type { Duration } from "../common/duration";
import { capacity, gib } from "./capacity";
import { type Load, seconds, transactionsPerNode } from "./load";
import type { Decide } from "./overrides";
import type { Interval, PlannedValues } from "./planned";
import type { Workload } from "./workload";

type Partitions = Pick<PlannedValues, "outboxInterval" | "dataInterval">;

/** Sorted from the longest. */
const intervals: readonly Interval[] = ["1 month", "1 week", "1 day", "1 hour"];

const durations: Readonly<Record<Interval, Duration>> = {
  "1 month": { count: 1, unit: "month" },
  "1 week": { count: 1, unit: "week" },
  "1 day": { count: 1, unit: "day" },
  "1 hour": { count: 1, unit: "hour" },
};

/** The duration of a partition. */
export function intervalDuration(name: Interval): Duration {
  return durations[name];
}

/**
 * Limit of a partition on one node, all shards together. With eight shards a node, a shard's partition stays below 16
 * GiB, which is quick to vacuum and to compress.
 */
const largestGiB = 128;

/** Plans how long partitions last, by the rate at which one node writes into them. */
export function planPartitions(workload: Workload, load: Load, cores: number, decide: Decide): Partitions {
  const rate = transactionsPerNode(load, cores);
  const outbox = rate * (workload.eventSize.bytes + capacity.eventOverhead);
  const rows = rate * workload.rowSize.bytes * capacity.rowOverhead;
  const hot = seconds(workload.retention.hot);
  const formula = `the longest of month, week, day, hour with at most ${largestGiB} GiB on a node`;
  const less = "longer: dropping comes later and vacuum takes longer; shorter: more partitions to plan over";
  return {
    outboxInterval: decide("outboxInterval", {
      value: longest(outbox, 86_400),
      unit: "",
      reason: "Events are dropped with their partition; a day is the least to drop where that is not too large.",
      formula: `${formula}, a day at most`,
      inputs: { "GiB a day": tenths((outbox * 86_400) / gib) },
      less,
    }),
    dataInterval: decide("dataInterval", {
      value: longest(rows, hot),
      unit: "",
      reason: "For tables partitioned by time: small enough for vacuum and for moving a tier, within the hot one.",
      formula: `${formula}, the hot tier at most`,
      inputs: { "GiB a day": tenths((rows * 86_400) / gib), "hot in days": hot / 86_400 },
      less,
    }),
  };
}

function longest(bytesPerSecond: number, most: number): Interval {
  const fits = intervals.filter((each) => seconds(durations[each]) <= most);
  return fits.find((each) => bytesPerSecond * seconds(durations[each]) <= largestGiB * gib) ?? fits.at(-1) ?? "1 hour";
}

function tenths(value: number): number {
  return Math.ceil(value * 10) / 10;
}
