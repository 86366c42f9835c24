import type { Source } from "../common/source";
import { readAllows } from "./allow";
import { type ConnectorFacts, readConnectors } from "./connector-facts";
import { type Linted, named, unreadable, withoutAllowed } from "./linted";
import type { Rule } from "./rule";
import { readStack } from "./stack-facts";

/** Findings in the connectors of a file. */
export function lintConnectors(source: Source, chosen: readonly Rule[]): Linted[] {
  const found = readConnectors(source).flatMap((connector) => lintConnector(connector, chosen));
  return withoutAllowed(source, readAllows(source), found);
}

export function lintConnector(connector: ConnectorFacts, chosen: readonly Rule[]): Linted[] {
  return chosen.flatMap((rule) => named(rule, rule.checkConnector?.(connector) ?? []));
}

/** Findings in a stack file. `drops` are the tables that stacks may drop. */
export function lintStack(source: Source, drops: readonly string[], chosen: readonly Rule[]): Linted[] {
  const stack = readStack(source, drops);
  if (Array.isArray(stack)) return stack.flatMap((each) => unreadable(each, source));
  const found = chosen.flatMap((rule) => named(rule, rule.checkStack?.(stack) ?? []));
  return withoutAllowed(source, readAllows(source), found);
}
