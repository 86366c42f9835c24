import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { isSql } from "../architecture/sql/sql-file";
import { Problems } from "../common/problem";
import { stackOf } from "../common/stack-name";
import { root } from "../common/system/checkout";
import { mayBeConnector } from "./connector-facts";
import { isCode } from "./typescript/code";

export const descriptionName = "architecture.yaml";

/** The files that lint may judge at the given paths, with everything below folders. */
export function filesOf(paths: readonly string[], from: string): string[] {
  return [...new Set(paths.flatMap((path) => filesOfPath(resolve(from, path), path)))];
}

function filesOfPath(path: string, given: string): string[] {
  if (!existsSync(path)) {
    throw new Problems([{ what: "There is no such file or folder", got: given, fix: "Correct the path" }]);
  }
  const files = statSync(path).isDirectory() ? below(path) : [path].filter(isJudged);
  if (files.length > 0) return files;
  const expected = `SQL, ${descriptionName}, TypeScript, a connector in YAML or JSON, or Pulumi.STACK.yaml`;
  throw new Problems([{ what: "There is nothing to lint", got: given, expected, fix: "Give another path" }]);
}

function below(folder: string): string[] {
  // The toolkit's own SQL has variables; it is valid SQL only after they are filled in.
  if (folder === join(root, "sql", "base")) return [];
  const folders = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith("."),
  );
  return [...lintable(folder), ...folders.flatMap(({ name }) => below(join(folder, name)))];
}

export function lintable(folder: string): string[] {
  return readdirSync(folder)
    .filter(isLintable)
    .map((name) => join(folder, name))
    .filter((path) => isFile(path) && !isOthersStack(path));
}

/** True for a file. Folders with a file's name and broken links are skipped. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** True for a stack of another Pulumi project: its file has no key of tenantry's. */
function isOthersStack(path: string): boolean {
  return stackOf(path) !== undefined && !/\btenantry:/.test(readFileSync(path, "latin1"));
}

function isLintable(path: string): boolean {
  return isSql(path) || isCode(path) || isData(path) || isPrisma(path);
}

/**
 * True if lint judges the file. YAML and JSON may be anything: lint skips unknown files in a folder, and reports an
 * unknown file that was given by name.
 */
function isJudged(path: string): boolean {
  const isOurs = !isData(path) || stackOf(path) !== undefined || basename(path) === descriptionName;
  return isLintable(path) && !isPrisma(path) && (isOurs || mayBeConnector(readFileSync(path, "latin1")));
}

/** True for a schema of Prisma, which names the tables of code's models and has nothing to judge. */
export function isPrisma(path: string): boolean {
  return path.endsWith(".prisma");
}

export function isData(path: string): boolean {
  return /\.(ya?ml|json)$/.test(path);
}
