import type { Problem } from "../common/problem";
import type { Source } from "../common/source";
import { type Allow, allowRule, applyAllows } from "./allow";
import { rules } from "./list";
import type { Finding, Rule, Severity } from "./rule";

/** A finding with the rule that reported it. */
export interface Linted extends Finding {
  readonly rule: string;
  readonly severity: Severity;
}

const syntaxRule: Rule = {
  name: "syntax",
  severity: "error",
  harm: "A file that cannot be read can be neither applied nor judged.",
};

/** Every rule that a finding may name, including the two that have no file of their own. */
export const allRules: readonly Rule[] = [...rules, allowRule, syntaxRule];

const ruleNames = new Set(allRules.map(({ name }) => name));

export function named({ name: rule, severity }: Rule, findings: readonly Finding[]): Linted[] {
  return findings.map((finding) => ({ ...finding, rule, severity }));
}

/** The findings that allow comments leave, and findings on the comments themselves. */
export function withoutAllowed(source: Source, allows: readonly Allow[], found: readonly Linted[]): Linted[] {
  const { kept, wrong } = applyAllows(source, allows, found, ruleNames);
  return [...kept, ...named(allowRule, wrong)];
}

export function unreadable({ what, fix, at }: Problem, { path }: Pick<Source, "path">): Linted[] {
  return named(syntaxRule, [{ what, fix, at: at ?? { file: path, line: 1 } }]);
}
