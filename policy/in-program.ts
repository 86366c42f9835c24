import * as pulumi from "@pulumi/pulumi";
import { lintResource, lintResourcesTogether } from "../architecture/rules/lint-resources";
import type { Linted } from "../architecture/rules/linted";
import type { DeclaredResource } from "../architecture/rules/stack-resources";
import { knownOf } from "./known";
import { lintConfiguration, lintStackFiles, stackOfResources } from "./stack-files";
import { renderViolation } from "./violation";

/**
 * The pack's checks inside of the program, for where Pulumi cannot be given a policy pack. Call it before the first
 * resource is declared, and what it returns after the last.
 *
 * @throws RunError for errors in the stack's files; a resource that breaks a rule is not registered
 */
export async function holdPolicies(stack: string): Promise<() => void> {
  const { rules } = lintConfiguration();
  refuse(await lintStackFiles(stack));
  const facts = stackOfResources(stack);
  const declared: DeclaredResource[] = [];
  pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
    const inputs = knownOf(props) as DeclaredResource["inputs"];
    const resource = { type, name, inputs, protect: opts.protect ?? false };
    declared.push(resource);
    refuse(lintResource(resource, facts, rules));
    return undefined;
  });
  return () => refuse(lintResourcesTogether(declared, rules));
}

/** Warnings are shown, errors end the program. */
function refuse(found: readonly Linted[]): void {
  const [errors, warnings] = [found.filter(isError), found.filter((each) => !isError(each))];
  for (const each of warnings) void pulumi.log.warn(renderViolation(each));
  if (errors.length > 0) throw new pulumi.RunError(errors.map(renderViolation).join("\n\n"));
}

function isError({ severity }: Linted): boolean {
  return severity === "error";
}
