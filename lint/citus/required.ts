import type { Source } from "../../common/source";
import { readStack } from "../stack-facts";

/**
 * The first stack of an application that needs Citus and distributes tables by the tenant column. The application's SQL
 * must then use only what Citus accepts. Stacks that cannot be read are ignored.
 */
export function stackThatNeedsCitus(stacks: readonly Source[], application: string): string | undefined {
  return stacks.find((source) => {
    const stack = readStack(source, []);
    if (Array.isArray(stack) || stack.get("application") !== application) return false;
    // With a schema for each tenant, Citus distributes whole tables, and accepts more on them.
    const model = stack.get("tenancy") ?? stack.get("plan", "model");
    return stack.get("citus") !== "auto" && model !== "schema";
  })?.path;
}
