import type { Progress } from "../common/system/progress";
import type { Sizes } from "./bench-sizes";
import type { Measurement } from "./measurement";
import type { BenchServers } from "./servers";

/** The input of a benchmark. */
export interface Bench {
  readonly servers: BenchServers;
  readonly sizes: Sizes;
  readonly progress: Progress;
}

/** Runs a benchmark and returns its measurements. Shows each of them when it ends. */
export type Measure = (bench: Bench) => Promise<readonly Measurement[]>;
