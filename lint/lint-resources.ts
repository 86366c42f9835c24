import type { ConnectorFacts } from "./connector-facts";
import { lintConnector } from "./lint-files";
import { type Linted, named } from "./linted";
import type { Rule } from "./rule";
import { type DeclaredResource, part, placeOfResource, type StackOfResources } from "./stack-resources";

/** Findings in one resource. A connector resource is judged in the same way as a connector in a file. */
export function lintResource(resource: DeclaredResource, stack: StackOfResources, chosen: readonly Rule[]): Linted[] {
  const connector = connectorOf(resource, stack);
  return [
    ...chosen.flatMap((rule) => named(rule, rule.checkResource?.(resource, stack) ?? [])),
    ...(connector ? lintConnector(connector, chosen) : []),
  ];
}

/** Findings that need all resources together. */
export function lintResourcesTogether(resources: readonly DeclaredResource[], chosen: readonly Rule[]): Linted[] {
  return chosen.flatMap((rule) => named(rule, rule.checkResources?.(resources) ?? []));
}

function connectorOf(resource: DeclaredResource, { consistency }: StackOfResources): ConnectorFacts | undefined {
  const { type, name, inputs } = resource;
  if (type !== "tenantry:index:Connector") return undefined;
  const config = Object.entries(part(inputs, "config") ?? {}).map(([key, value]) => [key, String(value)]);
  return {
    name: String(inputs.connector ?? name),
    config: Object.fromEntries(config),
    consistency,
    placeOf: () => placeOfResource(resource),
  };
}
