import { z } from "zod";
import type { Problem } from "../common/problem";
import { formatSize, parseSize, type Size, sizeExpected } from "../common/size";

/** Size of a pod without a volume. */
export interface WorkerSize {
  /** Cores, as Kubernetes writes them: `2`, `500m`. */
  readonly cpu: string;
  readonly memory: Size;
}

/** Size of a pod with a volume. */
export interface NodeSize extends WorkerSize {
  readonly storage: Size;
}

export const size = z.string(sizeExpected).transform((text, context): Size => {
  const parsed = parseSize(text);
  if (parsed) return parsed;
  context.addIssue({ code: "custom", message: sizeExpected });
  return z.NEVER;
});
/** PostgreSQL counts the pages of its caches in 31 bits. With 8 KiB pages, the caches' shares of 16 TiB fit. */
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

/** Schema of a size in a stack file; missing parts come from `standard`. */
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

/** Schema of a whole number. It accepts strings too, because Pulumi writes numbers back as strings. */
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

/** The least that a pod needs, and as a phrase, what its volume holds. */
export interface LeastSize {
  readonly memory: Size;
  readonly storage: Size;
  readonly holds: string;
}

/** Reports why pods of this size would not work. `of` is the setting's name. */
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
