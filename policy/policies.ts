import type { ResourceValidationArgs, ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { lintResource, lintResourcesTogether } from "../lint/lint-resources";
import type { Linted } from "../lint/linted";
import { pageOf, type Rule } from "../lint/rule";
import type { DeclaredResource, StackOfResources } from "../lint/stack-resources";
import { lintConfiguration, lintStackFiles, stackOfResources } from "./stack-files";
import { replaceUnknowns } from "./unknown-values";
import { renderViolation } from "./violation";

/**
 * One policy for each rule on resources, with the rule's name, and one policy for the stack's files: the settings, and the
 * application's description and SQL. Errors are mandatory and warnings advisory; `--policy-pack-config` changes that.
 */
export function policies(): (ResourceValidationPolicy | StackValidationPolicy)[] {
  return [...lintConfiguration().rules.flatMap(policiesOf), ...filePolicies()];
}

function policiesOf(rule: Rule): (ResourceValidationPolicy | StackValidationPolicy)[] {
  const common = describe(rule);
  const found: (ResourceValidationPolicy | StackValidationPolicy)[] = [];
  if (rule.checkResource || rule.checkConnector) {
    found.push({
      ...common,
      validateResource: (args, report) => {
        const stack = stackOfUrn(args.urn);
        for (const each of lintResource(declared(args), factsOf(stack), [rule])) report(renderViolation(each));
      },
    });
  }
  if (rule.checkResources) {
    // At the end Pulumi passes outputs, which may be unknown in a preview, so the policies collect the inputs as they come.
    const seen = new Map<string, DeclaredResource>();
    found.push({
      ...common,
      validateResource: (args) => {
        seen.set(args.urn, declared(args));
      },
      validateStack: ({ resources }, report) => {
        const inputs = resources.flatMap(({ urn }) => seen.get(urn) ?? []);
        for (const each of lintResourcesTogether(inputs, [rule])) report(renderViolation(each));
      },
    } satisfies ResourceValidationPolicy & StackValidationPolicy);
  }
  return found;
}

function filePolicies(): StackValidationPolicy[] {
  return (["error", "warning"] as const).map((severity) => ({
    name: severity === "error" ? "stack-files" : "stack-files-warnings",
    description:
      "Reports the findings of `tenantry lint` in the stack's settings and in its application's SQL and description",
    enforcementLevel: severity === "error" ? "mandatory" : "advisory",
    validateStack: async ({ resources }, report) => {
      const found: Linted[] = await lintStackFiles(stackOfUrn(resources[0]?.urn ?? ""));
      for (const each of found.filter((one) => one.severity === severity)) report(renderViolation(each));
    },
  }));
}

const known = new Map<string, StackOfResources>();

/** Computed once a run, because every rule asks for it for every resource. */
function factsOf(stack: string): StackOfResources {
  const facts = known.get(stack) ?? stackOfResources(stack);
  known.set(stack, facts);
  return facts;
}

function describe({ name, harm, severity }: Rule) {
  const enforcementLevel: "mandatory" | "advisory" = severity === "error" ? "mandatory" : "advisory";
  return { name, description: harm, enforcementLevel, url: pageOf(name) };
}

function declared({ type, name, props, opts }: ResourceValidationArgs): DeclaredResource {
  return { type, name, inputs: replaceUnknowns(props) as DeclaredResource["inputs"], protect: opts.protect };
}

function stackOfUrn(urn: string): string {
  return urn.split(":")[2] ?? "";
}
