import { withBuiltNames } from "../built-text";
import type { ImportPath } from "../code/imports";
import type { Library } from "../code/library";
import type { Description } from "../description";
import { descriptionSchema } from "../description";
import { runningFile } from "../running-statements";
import type { Source } from "../source";
import { parseSql } from "../sql-parser";
import { parseYaml } from "../yaml-file";
import { readAllows } from "./allow";
import { contextOf, readTables } from "./context";
import { lintCode } from "./lint-code";
import { lintConnectors, lintStack } from "./lint-files";
import { type Linted, named, unreadable, withoutAllowed } from "./linted";
import { rules } from "./list";
import type { Rule } from "./rule";

/** Files that belong together: an application's, or some SQL files alone. */
export interface LintInput {
  /** The application's name, which is its schema unless architecture.yaml says otherwise. */
  readonly name: string;
  readonly yaml?: Source;
  readonly sql: readonly Source[];
  /** TypeScript that works with the application's tables. @default none */
  readonly code?: readonly Source[];
  /** Libraries that the code uses, beside those that lint knows. @default none */
  readonly libraries?: readonly Library[];
  /** Where the code's imports lead that are no paths. @default nowhere */
  readonly imports?: readonly ImportPath[];
  /** YAML and JSON with connectors. @default none */
  readonly connectors?: readonly Source[];
  /** Files `Pulumi.STACK.yaml`. @default none */
  readonly stacks?: readonly Source[];
  /** Whether one of the application's stacks needs Citus. @default false */
  readonly citus?: boolean;
  /** Tables that a stack may ask to drop. @default none */
  readonly drops?: readonly string[];
  /** The files to judge; the others only say what tables there are. @default all */
  readonly wanted?: ReadonlySet<string>;
}

/** What the rules find, by file and line. PostgreSQL's parser must be loaded (`loadSqlParser`), for code `loadTypeScript` too. */
export function lint(input: LintInput, chosen: readonly Rule[] = rules): Linted[] {
  const { name, yaml, sql, code = [], connectors = [], stacks = [], drops = [], citus = false, wanted } = input;
  const { libraries = [], imports = [] } = input;
  const isWanted = ({ path }: Source) => wanted?.has(path) ?? true;
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
      if (isWanted(yaml)) findings.push(...withoutAllowed(yaml, readAllows(yaml), found));
    }
  }
  const files = sql.map(parseSql);
  for (const { source, problems } of files.filter((file) => isWanted(file.source))) {
    findings.push(...problems.flatMap((each) => unreadable(each, source)));
  }
  const needsCitus = citus || description?.citus === "required";
  const running = files.map(runningFile);
  const tables = readTables(running, description?.schema ?? name, description, {
    application: name,
    citus: needsCitus,
  });
  for (const [index, file] of running.entries()) {
    if (!isWanted(file.source)) continue;
    const context = contextOf(file, tables, yaml !== undefined);
    const found = chosen
      .flatMap((rule) => named(rule, rule.check?.(file.statements, context) ?? []))
      .map((each) => ({ ...each, what: withBuiltNames(each.what) }));
    findings.push(...withoutAllowed(file.source, readAllows(file.source, files[index]?.statements), found));
  }
  findings.push(...connectors.flatMap((source) => lintConnectors(source, chosen)));
  findings.push(...stacks.flatMap((source) => lintStack(source, drops, chosen)));
  findings.push(
    ...lintCode(code, tables, chosen, { libraries, imports }).filter(({ at }) => wanted?.has(at.file) ?? true),
  );
  return findings.toSorted(
    (a, b) => a.at.file.localeCompare(b.at.file) || (a.at.line ?? 0) - (b.at.line ?? 0) || a.rule.localeCompare(b.rule),
  );
}
