import type { Measure } from "./bench";

/** Each part's work, loaded only if it is asked for. */
export const parts = {
  throughput: () => require("./throughput").measureThroughput,
  latency: () => require("./latency").measureLatency,
  transaction: () => require("./transaction-bench").measureTransaction,
  preview: () => require("./preview-bench").measurePreview,
  apply: () => require("./apply-bench").measureApply,
  idle: () => require("./idle").measureIdle,
} satisfies Readonly<Record<string, () => Measure>>;

export type PartName = keyof typeof parts;
export const partNames = Object.keys(parts) as readonly PartName[];
