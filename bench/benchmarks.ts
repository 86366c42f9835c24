import type { Measure } from "./bench";

/** The benchmarks by name. The code of a benchmark is loaded only if it runs. */
export const benchmarks = {
  throughput: () => require("./throughput").measureThroughput,
  latency: () => require("./latency").measureLatency,
  transaction: () => require("./transaction-bench").measureTransaction,
  preview: () => require("./preview-bench").measurePreview,
  apply: () => require("./apply-bench").measureApply,
  aging: () => require("./aging").measureAging,
  idle: () => require("./idle").measureIdle,
} satisfies Readonly<Record<string, () => Measure>>;

export type BenchmarkName = keyof typeof benchmarks;
export const benchmarkNames = Object.keys(benchmarks) as readonly BenchmarkName[];
