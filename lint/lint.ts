import type { Description } from "../architecture/description";
import { descriptionSchema } from "../architecture/description";
import { withBuiltNames } from "../architecture/sql/built-text";
import { forward, saysNoTransaction } from "../architecture/sql/migration-layout";
import { runningFile } from "../architecture/sql/running-statements";
import { withoutTransaction } from "../architecture/sql/sql-file";
import { type ParsedSql, parseSql } from "../architecture/sql/sql-parser";
import type { Source } from "../common/source";
import { parseYaml } from "../common/yaml-file";
import { readAllows } from "./allow";
import { contextOf, readTables } from "./file-context";
import { lintCode } from "./lint-code";
import { judged, type OnFault, throwFault } from "./lint-fault";
import { lintConnectors, lintStack } from "./lint-files";
import { type Linted, named, unreadable, withoutAllowed } from "./linted";
import { rules } from "./list";
import type { Rule, TableFacts } from "./rule";
import type { ImportPath } from "./typescript/imports";
import type { Library } from "./typescript/library";

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
  /** Migrations whose tool's settings say that they run in no transaction. @default none */
  readonly unwrapped?: ReadonlySet<string>;
  /** The files to judge; the others only say what tables there are. @default all */
  readonly wanted?: ReadonlySet<string>;
}

/**
 * What the rules find, by file and line. PostgreSQL's parser must be loaded (`loadSqlParser`), for code `loadTypeScript`
 * too. `onFault` gets what our own code stumbles over @default throws it
 */
export function lint(input: LintInput, chosen: readonly Rule[] = rules, onFault: OnFault = throwFault): Linted[] {
  const { name, yaml, sql, code = [], connectors = [], stacks = [], drops = [], citus = false, wanted } = input;
  const { libraries = [], imports = [] } = input;
  const isWanted = ({ path }: Source) => wanted?.has(path) ?? true;
  const isUnwrapped = ({ path, text }: Source) =>
    withoutTransaction(text) || (!yaml && (saysNoTransaction(text) || (input.unwrapped?.has(path) ?? false)));
  const findings: Linted[] = [];
  let description: Description | undefined;
  const judge = (source: Source, work: () => readonly Linted[]) => findings.push(...judged(source, work, onFault));
  if (yaml) {
    judge(yaml, () => {
      const described = parseYaml(yaml, { schema: descriptionSchema, noun: "The description" });
      if (Array.isArray(described)) return described.flatMap((each) => unreadable(each, yaml));
      description = described.value;
      const found = chosen.flatMap((rule) =>
        named(rule, rule.checkDescription?.(described.value, described.placeOf) ?? []),
      );
      return isWanted(yaml) ? withoutAllowed(yaml, readAllows(yaml), found) : [];
    });
  }
  const files: RunningFile[] = [];
  for (const source of sql) {
    judge(source, () => {
      // An application's own files have tenantry's layout.
      const file = parseSql(yaml ? source : forward(source));
      files.push({ written: file, running: runningFile(file) });
      return isWanted(source) ? file.problems.flatMap((each) => unreadable(each, source)) : [];
    });
  }
  const schema = description?.schema ?? name;
  const needsCitus = citus || description?.citus === "required";
  const facts = (read: readonly RunningFile[]) =>
    readTables(
      read.map(({ running }) => running),
      schema,
      description,
      { application: name, citus: needsCitus },
    );
  const [tables, readable] = factsOf(files, facts, onFault);
  for (const { written, running } of readable.filter((file) => isWanted(file.running.source))) {
    judge(written.source, () => {
      const context = contextOf(running, tables, yaml !== undefined, isUnwrapped(written.source));
      const found = chosen
        .flatMap((rule) => named(rule, rule.check?.(running.statements, context) ?? []))
        .map((each) => ({ ...each, what: withBuiltNames(each.what) }));
      return withoutAllowed(written.source, readAllows(written.source, written.statements), found);
    });
  }
  for (const source of connectors) judge(source, () => lintConnectors(source, chosen));
  for (const source of stacks) judge(source, () => lintStack(source, drops, chosen));
  const inCode = (sources: readonly Source[]) => lintCode(sources, tables, chosen, { libraries, imports });
  findings.push(...together(code, inCode, onFault).filter(({ at }) => wanted?.has(at.file) ?? true));
  return findings.toSorted(
    (a, b) => a.at.file.localeCompare(b.at.file) || (a.at.line ?? 0) - (b.at.line ?? 0) || a.rule.localeCompare(b.rule),
  );
}

/** A file, and its statements as they run: those in its DO blocks too. */
interface RunningFile {
  readonly written: ParsedSql;
  readonly running: ParsedSql;
}

/** The tables of all files, but for those files whose statements our own code stumbles over. */
function factsOf(
  files: readonly RunningFile[],
  read: (files: readonly RunningFile[]) => TableFacts,
  onFault: OnFault,
): readonly [TableFacts, readonly RunningFile[]] {
  try {
    return [read(files), files];
  } catch {
    const readable = files.filter((file) => {
      try {
        read([file]);
        return true;
      } catch (error) {
        onFault(file.written.source.path, error);
        return false;
      }
    });
    return [read(readable), readable];
  }
}

/** Files are read together, to follow what they import; each alone where one of them ends that. */
function together(
  sources: readonly Source[],
  find: (sources: readonly Source[]) => readonly Linted[],
  onFault: OnFault,
): readonly Linted[] {
  try {
    return find(sources);
  } catch {
    return sources.flatMap((source) => judged(source, () => find([source]), onFault));
  }
}
