import type { Progress } from "../local/progress";
import type { Measurement } from "./measurement";
import type { BenchServers } from "./servers";
import type { Sizes } from "./sizes";

/** What a part works with. */
export interface Bench {
  readonly servers: BenchServers;
  readonly sizes: Sizes;
  readonly progress: Progress;
}

/** One part: its measurements, each shown as it ends. */
export type Measure = (bench: Bench) => Promise<readonly Measurement[]>;

/** Each part's work, loaded only if it is asked for. */
export const parts = {
  throughput: () => require("./throughput").measureThroughput,
  latency: () => require("./latency").measureLatency,
  transaction: () => require("./transaction").measureTransaction,
  preview: () => require("./preview").measurePreview,
  apply: () => require("./apply").measureApply,
  idle: () => require("./idle").measureIdle,
} satisfies Readonly<Record<string, () => Measure>>;

export type PartName = keyof typeof parts;
export const partNames = Object.keys(parts) as readonly PartName[];
