import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { isCode } from "../architecture/code/code";
import { Problems } from "../architecture/problem";
import type { LintInput } from "../architecture/rules/lint";
import type { Source } from "../architecture/source";
import { root } from "../local/checkout";

const descriptionName = "architecture.yaml";

/**
 * What to lint: the SQL, descriptions and TypeScript of paths, folders with all below them. A file of an application is
 * judged with the whole application around it; code with the project's application, where it has only one.
 *
 * @throws Problems where a path leads nowhere, or to nothing that can be linted
 */
export function readTargets(paths: readonly string[], from: string = process.cwd()): LintInput[] {
  const files = paths.length === 0 ? applications().flatMap(lintable) : filesOf(paths, from);
  const code = files.filter(isCode);
  const folders = groupByFolder(files.filter((file) => !isCode(file)));
  return [
    ...[...folders].map(([folder, wanted]) => readFolder(folder, wanted, from)),
    ...(code.length > 0 ? [readCodeTarget(code, from)] : []),
  ];
}

function readFolder(folder: string, wanted: readonly string[], from: string): LintInput {
  const yaml = join(folder, descriptionName);
  const isApplication = existsSync(yaml);
  const sql = isApplication ? lintable(folder).filter((file) => file.endsWith(".sql")) : wanted;
  return {
    name: basename(folder),
    ...(isApplication && { yaml: read(yaml, from) }),
    sql: sql.toSorted().map((file) => read(file, from)),
    wanted: new Set(wanted.map((file) => shown(file, from))),
  };
}

function readCodeTarget(code: readonly string[], from: string): LintInput {
  const [application, ...others] = applications();
  const around =
    application !== undefined && others.length === 0 ? readFolder(application, [], from) : { name: "", sql: [] };
  return {
    ...around,
    code: code.map((file) => read(file, from)),
    wanted: new Set(code.map((file) => shown(file, from))),
  };
}

function groupByFolder(files: readonly string[]): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const file of files) folders.set(dirname(file), [...(folders.get(dirname(file)) ?? []), file]);
  return folders;
}

/** The folder of every application in sql/. */
function applications(): string[] {
  const sql = join(root, "sql");
  return readdirSync(sql)
    .map((name) => join(sql, name))
    .filter((folder) => existsSync(join(folder, descriptionName)));
}

function filesOf(paths: readonly string[], from: string): string[] {
  return [...new Set(paths.flatMap((path) => filesOfPath(resolve(from, path), path)))];
}

function filesOfPath(path: string, given: string): string[] {
  if (!existsSync(path)) {
    throw new Problems([{ what: "There is no such file or folder", got: given, fix: "Correct the path" }]);
  }
  const files = statSync(path).isDirectory() ? below(path) : [path].filter(isLintable);
  if (files.length > 0) return files;
  const expected = `files that end in .sql or .ts, or ${descriptionName}`;
  throw new Problems([{ what: "There is nothing to lint", got: given, expected, fix: "Give another path" }]);
}

function below(folder: string): string[] {
  // The toolkit's own SQL has variables, which make it SQL only once they are filled in.
  if (folder === join(root, "sql", "base")) return [];
  const folders = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith("."),
  );
  return [...lintable(folder), ...folders.flatMap(({ name }) => below(join(folder, name)))];
}

function lintable(folder: string): string[] {
  return readdirSync(folder)
    .filter(isLintable)
    .map((name) => join(folder, name));
}

function isLintable(path: string): boolean {
  return path.endsWith(".sql") || basename(path) === descriptionName || isCode(path);
}

function read(file: string, from: string): Source {
  return { path: shown(file, from), text: readFileSync(file, "utf8") };
}

/** As an editor opens it from where the command runs. */
function shown(file: string, from: string): string {
  return relative(from, file);
}
