import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { Problems } from "../architecture/problem";
import type { LintInput } from "../architecture/rules/lint";
import type { Source } from "../architecture/source";
import { root } from "../local/checkout";

const descriptionName = "architecture.yaml";

/** What to lint: files of one folder together, and with them the application that they are of. */
export interface LintTarget {
  readonly input: LintInput;
  /** The files whose findings are asked for, as findings name them. */
  readonly wanted: ReadonlySet<string>;
}

/**
 * The SQL files and descriptions of paths, folders with all below them. A file of an application is judged with the
 * whole application around it.
 *
 * @throws Problems where a path leads nowhere, or to nothing that can be linted
 */
export function readTargets(paths: readonly string[], from: string = process.cwd()): LintTarget[] {
  const files = paths.length === 0 ? applications() : paths.flatMap((path) => filesOf(resolve(from, path), path));
  const folders = groupByFolder(files);
  return [...folders].map(([folder, wanted]) => {
    const yaml = join(folder, descriptionName);
    const isApplication = existsSync(yaml);
    const sql = isApplication ? lintable(folder).filter((file) => file.endsWith(".sql")) : wanted;
    return {
      input: {
        name: basename(folder),
        ...(isApplication && { yaml: read(yaml, from) }),
        sql: sql.toSorted().map((file) => read(file, from)),
      },
      wanted: new Set(wanted.map((file) => shown(file, from))),
    };
  });
}

function groupByFolder(files: readonly string[]): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const file of new Set(files)) folders.set(dirname(file), [...(folders.get(dirname(file)) ?? []), file]);
  return folders;
}

/** Every application in sql/. */
function applications(): string[] {
  const sql = join(root, "sql");
  return readdirSync(sql)
    .map((name) => join(sql, name))
    .filter((folder) => existsSync(join(folder, descriptionName)))
    .flatMap(lintable);
}

function filesOf(path: string, given: string): string[] {
  if (!existsSync(path)) {
    throw new Problems([{ what: "There is no such file or folder", got: given, fix: "Correct the path" }]);
  }
  const files = statSync(path).isDirectory() ? below(path) : [path].filter(isLintable);
  if (files.length > 0) return files;
  const expected = `files that end in .sql, or ${descriptionName}`;
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
  return path.endsWith(".sql") || basename(path) === descriptionName;
}

function read(file: string, from: string): Source {
  return { path: shown(file, from), text: readFileSync(file, "utf8") };
}

/** As an editor opens it from where the command runs. */
function shown(file: string, from: string): string {
  return relative(from, file);
}
