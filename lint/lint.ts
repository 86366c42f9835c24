import type { Description } from "../architecture/description";
import { descriptionSchema } from "../architecture/description";
import { withBuiltNames } from "../architecture/sql/built-text";
import { forward, isOfPrisma, runsOutsideTransaction, saysNoTransaction } from "../architecture/sql/migration-layout";
import { runningFile } from "../architecture/sql/running-statements";
import { withoutTransaction } from "../architecture/sql/sql-file";
import { type ParsedSql, parseSql } from "../architecture/sql/sql-parser";
import type { Source } from "../common/source";
import { parseYaml } from "../common/yaml-file";
import { readAllows } from "./allow";
import { contextOf, readTables } from "./file-context";
import { type FilledSql, parseFilled } from "./file-placeholders";
import { lintCode } from "./lint-code";
import { judged, type OnFault, throwFault } from "./lint-fault";
import { lintConnectors, lintStack } from "./lint-files";
import { type Linted, named, unreadable, withoutAllowed } from "./linted";
import { rules } from "./list";
import type { Rule, TableFacts } from "./rule";
import type { ImportPath } from "./typescript/imports";
import type { Library } from "./typescript/library";

/** Files that belong together: an application's files, or SQL files without an application. */
export interface LintInput {
  /** The application's name. Its schema has the same name unless architecture.yaml says otherwise. */
  readonly name: string;
  readonly yaml?: Source;
  readonly sql: readonly Source[];
  /** TypeScript that uses the application's tables. @default none */
  readonly code?: readonly Source[];
  /** Libraries that the code uses, in addition to those that lint knows. @default none */
  readonly libraries?: readonly Library[];
  /** Targets of the code's imports that are not relative paths. @default none */
  readonly imports?: readonly ImportPath[];
  /** Prisma's schemas, which name the tables and columns of the code's models. @default none */
  readonly prisma?: readonly Source[];
  /** Databases other than PostgreSQL, by the path of code whose SQL is for them and is not judged. @default none */
  readonly otherDatabases?: ReadonlyMap<string, string>;
  /** YAML and JSON with connectors. @default none */
  readonly connectors?: readonly Source[];
  /** Files `Pulumi.STACK.yaml`. @default none */
  readonly stacks?: readonly Source[];
  /** True if one of the application's stacks needs Citus. @default false */
  readonly citus?: boolean;
  /** Tables that a stack may ask to drop. @default none */
  readonly drops?: readonly string[];
  /** Paths of migrations that run without a transaction by their tool's settings. @default none */
  readonly unwrapped?: ReadonlySet<string>;
  /** Paths of the files to judge; the others only define tables. @default all */
  readonly wanted?: ReadonlySet<string>;
}

/**
 * The findings of the rules, sorted by file and line. Load PostgreSQL's parser first (`loadSqlParser`), and for code
 * the compiler (`loadTypeScript`). `onFault` receives exceptions of lint's own code. @default throws them
 */
export function lint(input: LintInput, chosen: readonly Rule[] = rules, onFault: OnFault = throwFault): Linted[] {
  const { name, yaml, sql, code = [], connectors = [], stacks = [], drops = [], citus = false, wanted } = input;
  const { libraries = [], imports = [], prisma = [], otherDatabases } = input;
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
      // An application's own files follow tenantry's layout, so they have no part that rolls back.
      const { parsed: file, shown } = yaml ? asWritten(source) : parseFilled(forward(source));
      files.push({ written: file, running: runningFile(file), shown });
      return isWanted(source) ? file.problems.flatMap((each) => unreadable(each, source)) : [];
    });
  }
  const schema = description?.schema ?? name;
  const needsCitus = citus || description?.citus === "required";
  const facts = (read: readonly ParsedSql[]) =>
    readTables(read, schema, description, { application: name, citus: needsCitus });
  const [tables, readable] = factsOf(files, facts, onFault);
  for (const { written, running, shown } of readable.filter((file) => isWanted(file.running.source))) {
    judge(written.source, () => {
      const { source, statements } = written;
      const unwrapped = isUnwrapped(source) || (!yaml && runsOutsideTransaction(source.path, statements));
      const run = { migration: yaml !== undefined, mayBegin: !yaml && isOfPrisma(source.path) };
      const context = contextOf(running, tables, { ...run, unwrapped });
      const found = chosen
        .flatMap((rule) => named(rule, rule.check?.(running.statements, context) ?? []))
        .map((each) => shown({ ...each, what: withBuiltNames(each.what) }));
      return withoutAllowed(source, readAllows(source, statements), found);
    });
  }
  for (const source of connectors) judge(source, () => lintConnectors(source, chosen));
  for (const source of stacks) judge(source, () => lintStack(source, drops, chosen));
  const factsWith = (scripts: readonly ParsedSql[]) => facts([...readable.map(({ running }) => running), ...scripts]);
  const inCode = (sources: readonly Source[]) =>
    lintCode(sources, tables, factsWith, chosen, { libraries, imports, prisma, otherDatabases });
  findings.push(...together(code, inCode, onFault).filter(({ at }) => wanted?.has(at.file) ?? true));
  return findings.toSorted(
    (a, b) => a.at.file.localeCompare(b.at.file) || (a.at.line ?? 0) - (b.at.line ?? 0) || a.rule.localeCompare(b.rule),
  );
}

/** A file with its statements in the order in which they run, including those in its DO blocks. */
interface RunningFile extends Pick<FilledSql, "shown"> {
  readonly written: ParsedSql;
  readonly running: ParsedSql;
}

function asWritten(source: Source): FilledSql {
  return { parsed: parseSql(source), shown: (finding) => finding };
}

/** The tables of all files, except files whose statements make lint's own code throw. */
function factsOf(
  files: readonly RunningFile[],
  read: (files: readonly ParsedSql[]) => TableFacts,
  onFault: OnFault,
): readonly [TableFacts, readonly RunningFile[]] {
  try {
    return [read(files.map(({ running }) => running)), files];
  } catch {
    const readable = files.filter((file) => {
      try {
        read([file.running]);
        return true;
      } catch (error) {
        onFault(file.written.source.path, error);
        return false;
      }
    });
    return [read(readable.map(({ running }) => running)), readable];
  }
}

/** Reads files together to follow their imports; reads each alone if one of them makes lint's code throw. */
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
