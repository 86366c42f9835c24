import type { Progress } from "../common/system/progress";
import type { Sizes } from "./bench-sizes";
import type { Measurement } from "./measurement";
import type { BenchServers } from "./servers";

/** What a part works with. */
export interface Bench {
  readonly servers: BenchServers;
  readonly sizes: Sizes;
  readonly progress: Progress;
}

/** One part: its measurements, each shown as it ends. */
export type Measure = (bench: Bench) => Promise<readonly Measurement[]>;
