import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { readStacks } from "../architecture/application-loader";
import { byVersion, configuresNoTransaction, folderOf } from "../architecture/sql/migration-layout";
import { isSql } from "../architecture/sql/sql-file";
import { type Problem, Problems } from "../common/problem";
import type { Source } from "../common/source";
import { readSourceFile } from "../common/source-file";
import { stackOf } from "../common/stack-name";
import { listNames, suggest } from "../common/suggestion";
import { projectRoot } from "../common/system/project";
import { stackThatNeedsCitus } from "./citus/required";
import { mayBeConnector } from "./connector-facts";
import { descriptionName, filesOf, isData, isFile, isPrisma, lintable } from "./file-search";
import { databaseOfCode, databasesOfSql, otherDatabases, type Surroundings } from "./foreign-files";
import type { LintInput } from "./lint";
import {
  type LintConfiguration,
  lintConfigurationName,
  noLintConfiguration,
  parseLintConfiguration,
} from "./lint-configuration";
import { readImports } from "./lint-imports";
import { ToolSettingsReader } from "./tool-settings";
import { isCode } from "./typescript/code";

/** The inputs of lint, and the enabled rules. */
interface LintTargets {
  readonly inputs: readonly LintInput[];
  readonly configuration: LintConfiguration;
  /** Notes on code without a known application, and on SQL for other databases, which lint can't judge. */
  readonly notes: readonly Problem[];
  /** Problems of files that should be judged but cannot be read. */
  readonly unread: readonly Problem[];
}

/**
 * The files at the given paths, with everything below folders: SQL, descriptions, TypeScript, connectors and stacks. A
 * file of an application is judged with the whole application. Code is judged with the application that the
 * configuration names, or with the project's only one.
 * @throws Problems for a path that does not exist or cannot be linted, and for a wrong configuration
 */
export function readTargets(paths: readonly string[], from: string = process.cwd()): LintTargets {
  const unread = new Map<string, Problem>();
  const readable = (file: string): Source[] => {
    try {
      return [read(file, from)];
    } catch (error) {
      if (!(error instanceof Problems)) throw error;
      for (const problem of error.problems) unread.set(file, problem);
      return [];
    }
  };
  const found = findConfiguration(from);
  const configuration = found ? parseLintConfiguration(read(found, from)) : noLintConfiguration;
  const isWanted = (path: string) => !found || !configuration.isExcluded(relative(dirname(found), path));
  const files = (paths.length === 0 ? ownFiles() : filesOf(paths, from)).filter(isWanted);
  const descriptions = files.filter((file) => basename(file) === descriptionName).map(dirname);
  const code = groupBy(files.filter(isCode), (file) => {
    const application = found && configuration.applicationOf(relative(dirname(found), file));
    if (found && application !== undefined) return applicationFolder(application, read(found, from), dirname(found));
    return onlyOf(applicationsAround(dirname(file))) ?? onlyOf(descriptions) ?? "";
  });
  const sql = groupBy(
    files.filter((file) => isSql(file) || basename(file) === descriptionName),
    folderOf,
  );
  const stacks = files.filter((file) => stackOf(file) !== undefined).flatMap(readable);
  const connectors = files
    .filter((file) => isData(file) && stackOf(file) === undefined)
    .flatMap(readable)
    .filter(({ text }) => mayBeConnector(text));
  const { libraries } = configuration;
  const foreign = code.get("") ?? [];
  const tools = new ToolSettingsReader();
  const surroundings: Surroundings = {
    configured: (file) => found && configuration.databaseOf(relative(dirname(found), file)),
    ofTools: (folder) => tools.databaseOf(folder),
  };
  const others = new Map<string, string>();
  const readSql = (files: readonly string[]): Source[] => {
    const read = files.flatMap((file) => readable(file).map((source) => ({ file, source })));
    const elsewhere = databasesOfSql(read, surroundings);
    for (const [path, database] of elsewhere) others.set(path, database);
    return read.flatMap(({ source }) => (elsewhere.has(source.path) ? [] : source));
  };
  const readCode = (files: readonly string[]): Source[] =>
    files.flatMap((file) => {
      const [source] = readable(file);
      const database = source && databaseOfCode({ file, source }, surroundings);
      if (source && database !== undefined) others.set(source.path, database);
      return source ?? [];
    });
  const prisma = files.filter(isPrisma).flatMap(readable);
  const readers = { readable, readSql };
  const inputs = [
    ...[...sql].map(([folder, wanted]) => readFolder(folder, wanted, from, readers)),
    ...[...code].map(([folder, wanted]) => ({
      ...(folder === "" ? { name: "", sql: [] } : readFolder(folder, [], from, readers)),
      code: readCode(wanted),
      wanted: new Set(wanted.map((file) => shown(file, from))),
      libraries,
      imports: readImports(wanted, from),
      prisma,
      otherDatabases: others,
    })),
    { name: "", sql: [], stacks, connectors, drops: configuration.drops },
  ];
  const notes = [...(foreign.length > 0 ? [foreignCode(foreign, from)] : []), ...otherDatabases(others)];
  return { configuration, notes, inputs, unread: [...unread.values()] };
}

function readFolder(
  folder: string,
  wanted: readonly string[],
  from: string,
  {
    readable,
    readSql,
  }: {
    readonly readable: (file: string) => readonly Source[];
    /** Reads the files of a sequence that are for PostgreSQL. */
    readonly readSql: (files: readonly string[]) => readonly Source[];
  },
): LintInput {
  const yaml = join(folder, descriptionName);
  const isApplication = existsSync(yaml);
  const [described] = isApplication ? readable(yaml) : [];
  const sql = isApplication ? lintable(folder).filter(isSql) : wanted;
  return {
    name: basename(folder),
    ...(described && { yaml: described }),
    sql: isApplication ? sql.toSorted(byVersion).flatMap(readable) : readSql(sql.toSorted(byVersion)),
    unwrapped: new Set(sql.filter(isUnwrapped).map((file) => shown(file, from))),
    citus: isApplication && needsCitus(folder),
    wanted: new Set(wanted.map((file) => shown(file, from))),
  };
}

/** True if Flyway's settings beside a migration turn its transaction off. */
function isUnwrapped(file: string): boolean {
  const settings = `${file}.conf`;
  return isFile(settings) && configuresNoTransaction(readFileSync(settings, "latin1"));
}

/**
 * True if a stack of the application needs Citus. A stack that cannot be read is reported where lint judges the stack
 * itself.
 */
function needsCitus(folder: string): boolean {
  try {
    return stackThatNeedsCitus(readStacks(folder), basename(folder)) !== undefined;
  } catch (error) {
    if (error instanceof Problems) return false;
    throw error;
  }
}

/** The configuration's path, in the folder or in the nearest one above it. */
function findConfiguration(folder: string): string | undefined {
  const path = join(folder, lintConfigurationName);
  if (existsSync(path)) return path;
  return dirname(folder) === folder ? undefined : findConfiguration(dirname(folder));
}

function groupBy(files: readonly string[], keyOf: (file: string) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const file of files) {
    const group = groups.get(keyOf(file));
    if (group) group.push(file);
    else groups.set(keyOf(file), [file]);
  }
  return groups;
}

/** Every application in sql/, and every stack. */
function ownFiles(): string[] {
  const stacks = join(projectRoot, "stacks");
  return [...applications().flatMap(lintable), ...lintable(stacks).filter((file) => stackOf(file) !== undefined)];
}

function applications(): string[] {
  return applicationsIn(join(projectRoot, "sql"));
}

/** The folder of every application in a folder such as sql/. */
function applicationsIn(sql: string): string[] {
  if (!statSync(sql, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(sql)
    .map((name) => join(sql, name))
    .filter((folder) => existsSync(join(folder, descriptionName)));
}

function onlyOf<T>(found: readonly T[]): T | undefined {
  return found.length === 1 ? found[0] : undefined;
}

/**
 * The applications that code in a folder may belong to: one described in that folder, or those in sql/ there or further
 * up.
 */
function applicationsAround(folder: string): string[] {
  const found = existsSync(join(folder, descriptionName)) ? [folder] : applicationsIn(join(folder, "sql"));
  return found.length > 0 || dirname(folder) === folder ? found : applicationsAround(dirname(folder));
}

/** The note that no rule on tables judges these files. */
function foreignCode(files: readonly string[], from: string): Problem {
  const [first = ""] = files;
  return {
    what: `No ${descriptionName} belongs to this code, so no rule on tenants' tables has judged its queries`,
    got: files.length > 1 ? `${shown(first, from)} and ${files.length - 1} others` : shown(first, from),
    expected: `one ${descriptionName} in its folder, in sql/APP/ beside it or further up, or among the paths given`,
    fix: `Name the application under \`applications\` in ${lintConfigurationName}, or pass its folder too`,
  };
}

function applicationFolder(name: string, configuration: Source, folder: string): string {
  const known = [...new Set([...applicationsAround(folder), ...applications()])];
  const found = known.find((each) => basename(each) === name);
  if (found !== undefined) return found;
  const meant = suggest(
    name,
    known.map((each) => basename(each)),
  );
  throw new Problems([
    {
      what: `There is no application \`${name}\` in sql/`,
      expected: listNames(known.map((each) => basename(each))),
      fix: meant ? `Write \`${meant}\`, if that is what you mean` : "Correct the name under `applications`",
      at: { file: configuration.path },
    },
  ]);
}

function read(file: string, from: string): Source {
  return readSourceFile(file, shown(file, from));
}

/** A path that an editor can open from the working folder. */
function shown(file: string, from: string): string {
  return relative(from, file);
}
