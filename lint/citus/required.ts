import type { Source } from "../../common/source";
import { readStack } from "../stack-facts";

/**
 * The first stack of an application that needs Citus, and distributes its tables by the tenant column: its SQL is held
 * to what Citus accepts. Stacks that cannot be read say nothing.
 */
export function stackThatNeedsCitus(stacks: readonly Source[], application: string): string | undefined {
  return stacks.find((source) => {
    const stack = readStack(source, []);
    if (Array.isArray(stack) || stack.get("application") !== application) return false;
    // With a schema each, tenants have tables that Citus distributes as a whole, and accepts more of.
    const model = stack.get("tenancy") ?? stack.get("plan", "model");
    return stack.get("citus") !== "auto" && model !== "schema";
  })?.path;
}
