import type { Description } from "../description";
import { descriptionSchema } from "../description";
import type { Problem } from "../problem";
import type { Source } from "../source";
import { type ParsedSql, parseSql } from "../sql-parser";
import { parseYaml } from "../yaml-file";
import { allowRule, applyAllows, readAllows } from "./allow";
import { contextOf, readTables } from "./context";
import { rules } from "./list";
import type { Finding, Rule, Severity } from "./rule";

/** Files that belong together: an application's, or some SQL files alone. */
export interface LintInput {
  /** The application's name, which is its schema unless architecture.yaml says otherwise. */
  readonly name: string;
  readonly yaml?: Source;
  readonly sql: readonly Source[];
}

/** A finding with the rule that found it. */
export interface Linted extends Finding {
  readonly rule: string;
  readonly severity: Severity;
}

export const syntaxRule: Rule = {
  name: "syntax",
  severity: "error",
  harm: "What cannot be read cannot be applied, nor judged.",
};

/** Every rule that a finding may name, with those that are no file of their own. */
export const allRules: readonly Rule[] = [...rules, allowRule, syntaxRule];

/** What the rules find, by file and line. PostgreSQL's parser must be loaded (`loadSqlParser`). */
export function lint({ name, yaml, sql }: LintInput, chosen: readonly Rule[] = rules): Linted[] {
  const findings: Linted[] = [];
  const described = yaml && parseYaml(yaml, { schema: descriptionSchema, noun: "The description" });
  let description: Description | undefined;
  if (yaml && described) {
    if (Array.isArray(described)) findings.push(...described.flatMap((each) => unreadable(each, yaml)));
    else {
      description = described.value;
      const found = chosen.flatMap((rule) =>
        named(rule, rule.checkDescription?.(described.value, described.placeOf) ?? []),
      );
      findings.push(...allowed(yaml, found, undefined, chosen));
    }
  }
  const files = sql.flatMap((source): ParsedSql[] => {
    const parsed = parseSql(source);
    if (!Array.isArray(parsed)) return [parsed];
    findings.push(...parsed.flatMap((each) => unreadable(each, source)));
    return [];
  });
  const tables = readTables(files, description?.schema ?? name, description);
  for (const file of files) {
    const context = contextOf(file, tables, yaml !== undefined);
    const found = chosen.flatMap((rule) => named(rule, rule.check?.(file.statements, context) ?? []));
    findings.push(...allowed(file.source, found, file, chosen));
  }
  return findings.toSorted(
    (a, b) => a.at.file.localeCompare(b.at.file) || (a.at.line ?? 0) - (b.at.line ?? 0) || a.rule.localeCompare(b.rule),
  );
}

function allowed(
  source: Source,
  found: readonly Linted[],
  file: ParsedSql | undefined,
  chosen: readonly Rule[],
): Linted[] {
  const names = new Set([...allRules, ...chosen].map(({ name }) => name));
  const { kept, wrong } = applyAllows(source, readAllows(source, file?.statements), found, names);
  return [...kept, ...named(allowRule, wrong)];
}

function named({ name: rule, severity }: Rule, findings: readonly Finding[]): Linted[] {
  return findings.map((finding) => ({ ...finding, rule, severity }));
}

function unreadable({ what, fix, at }: Problem, { path }: Source): Linted[] {
  return named(syntaxRule, [{ what, fix, at: at ?? { file: path, line: 1 } }]);
}
