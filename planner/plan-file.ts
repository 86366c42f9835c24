import { z } from "zod";
import { Problems } from "../common/problem";
import type { Source } from "../common/source";
import { parseYaml } from "../common/yaml-file";
import { type Overrides, overridesSchema } from "./overrides";
import { type Workload, workloadSchema } from "./workload";

const planFileSchema = z.strictObject(
  { workload: workloadSchema, plan: overridesSchema.optional() },
  "an object with `workload`",
);

/**
 * Parses a workload in a file of its own, for comparing several before a stack uses one. Throws all Problems together.
 */
export function parsePlanFile(source: Source): { readonly workload: Workload; readonly plan: Overrides } {
  const parsed = parseYaml(source, { schema: planFileSchema, noun: "The file" });
  if (Array.isArray(parsed)) throw new Problems(parsed);
  return { workload: parsed.value.workload, plan: parsed.value.plan ?? {} };
}
