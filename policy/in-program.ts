import * as pulumi from "@pulumi/pulumi";
import { lintResource, lintResourcesTogether } from "../lint/lint-resources";
import type { Linted } from "../lint/linted";
import type { DeclaredResource } from "../lint/stack-resources";
import { lintConfiguration, lintStackFiles, stackOfResources } from "./stack-files";
import { replaceUnknowns } from "./unknown-values";
import { renderViolation } from "./violation";

/**
 * Runs the policy pack's checks inside the program, for hosts where Pulumi can't be given a policy pack. Call it before the
 * first resource is declared, and the function that it returns after the last one. A resource that breaks a rule fails the preview.
 *
 * @throws RunError for errors in the stack's files
 */
export async function holdPolicies(stack: string): Promise<() => void> {
  const { rules } = lintConfiguration();
  const inFiles = await lintStackFiles(stack);
  warn(inFiles);
  const errors = inFiles.filter(isError);
  if (errors.length > 0) throw new pulumi.RunError(errors.map(renderViolation).join("\n\n"));
  const facts = stackOfResources(stack);
  const declared: DeclaredResource[] = [];
  pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
    const inputs = replaceUnknowns(props) as DeclaredResource["inputs"];
    declared.push({ type, name, inputs, protect: opts.protect ?? false });
    return undefined;
  });
  return () => {
    const found = [
      ...declared.flatMap((each) => lintResource(each, facts, rules)),
      ...lintResourcesTogether(declared, rules),
    ];
    warn(found);
    // Logged instead of thrown: a program that throws after it declared resources may never end.
    const errors = found.filter(isError);
    for (const each of errors) void pulumi.log.error(renderViolation(each));
    if (errors.length > 0) process.exitCode = 1;
  };
}

function warn(found: readonly Linted[]): void {
  for (const each of found.filter((one) => !isError(one))) void pulumi.log.warn(renderViolation(each));
}

function isError({ severity }: Linted): boolean {
  return severity === "error";
}
