import type { Measure } from "./bench";

/** Each part's work, loaded only if it is asked for. */
export const benchmarks = {
  throughput: () => require("./throughput").measureThroughput,
  latency: () => require("./latency").measureLatency,
  transaction: () => require("./transaction-bench").measureTransaction,
  preview: () => require("./preview-bench").measurePreview,
  apply: () => require("./apply-bench").measureApply,
  idle: () => require("./idle").measureIdle,
} satisfies Readonly<Record<string, () => Measure>>;

export type BenchmarkName = keyof typeof benchmarks;
export const benchmarkNames = Object.keys(benchmarks) as readonly BenchmarkName[];
