import { z } from "zod";
import type { Problem } from "../common/problem";
import { formatSize, parseSize, type Size, sizeExpected } from "../common/size";

/** What a pod that keeps nothing gets. */
export interface WorkerSize {
  /** Cores, as Kubernetes writes them: `2`, `500m`. */
  readonly cpu: string;
  readonly memory: Size;
}

/** What a pod that keeps data gets. */
export interface NodeSize extends WorkerSize {
  readonly storage: Size;
}

export const size = z.string(sizeExpected).transform((text, context): Size => {
  const parsed = parseSize(text);
  if (parsed) return parsed;
  context.addIssue({ code: "custom", message: sizeExpected });
  return z.NEVER;
});
/** PostgreSQL counts its caches in pages of 8 KiB, in 31 bits: of 16 TiB its shares fit. */
const memory = size.refine(
  ({ bytes }) => bytes <= 16 * 2 ** 40,
  "at most 16 TiB: PostgreSQL's caches have no more pages",
);
const cpuExpected = "cores such as `2` or `500m`, above 0 and at most 9999";
const cpu = z.preprocess(
  (value) => (typeof value === "number" ? String(value) : value),
  z
    .string(cpuExpected)
    .regex(/^([1-9]\d{0,6}m|[1-9]\d{0,3}|\d{1,4}\.\d{1,3})$/, cpuExpected)
    .refine((text) => Number.parseFloat(text) > 0, cpuExpected),
);

/** A size in a stack file, where what is not said is as in `standard`. */
export function nodeSize(standard: NodeSize) {
  return z.strictObject({
    cpu: cpu.default(standard.cpu),
    memory: memory.default(standard.memory),
    storage: size.default(standard.storage),
  });
}

export function workerSize(standard: WorkerSize) {
  return z.strictObject({ cpu: cpu.default(standard.cpu), memory: memory.default(standard.memory) });
}

export const dnsLabel = z
  .string("a name of lower case letters, digits and dashes")
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "a name of lower case letters, digits and dashes");

/** Pulumi writes numbers and booleans back as strings. */
export function wholeNumber(most: number, least = 1) {
  const expected = `a whole number from ${least} to ${most}`;
  return z.preprocess(
    (value) => (typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value),
    z.int(expected).min(least, expected).max(most, expected),
  );
}

export const flag = z.preprocess(
  (value) => (value === "true" ? true : value === "false" ? false : value),
  z.boolean("true or false"),
);

/** What a pod needs at least, and what its volume holds, in a sentence. */
export interface LeastSize {
  readonly memory: Size;
  readonly storage: Size;
  readonly holds: string;
}

/** Why pods of this size would not work; `of` is the setting's name. */
export function sizeProblems(of: string, { memory, storage }: NodeSize, least: LeastSize): Problem[] {
  const problems: Problem[] = [];
  if (memory.bytes < least.memory.bytes) {
    problems.push({
      what: `A ${of} with so little memory is killed while it works`,
      got: `memory: ${formatSize(memory)}`,
      expected: `at least ${formatSize(least.memory)}`,
      fix: `Give \`${of}.memory\` more`,
    });
  }
  if (storage.bytes < least.storage.bytes) {
    problems.push({
      what: `The volume of a ${of} has no room for ${least.holds}`,
      got: `storage: ${formatSize(storage)}`,
      expected: `at least ${formatSize(least.storage)}`,
      fix: `Give \`${of}.storage\` more`,
    });
  }
  return problems;
}
