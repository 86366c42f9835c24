import { posix } from "node:path";
import type * as ts from "typescript";
import type { Place, Problem } from "../../common/problem";
import { placeAt, type Source } from "../../common/source";
import { type ImportPath, targetsOf } from "./imports";
import { Libraries } from "./libraries/libraries";
import type { Library } from "./library";
import { PrismaSchemas } from "./prisma-schema";
import type { KnownTables } from "./table-names";
import { typescript } from "./typescript";

/** Application code that is judged together. Lint follows helpers from file to file, but does not read packages. */
export interface Code {
  readonly files: readonly CodeFile[];
  readonly checker: ts.TypeChecker;
  readonly libraries: Libraries;
  readonly tables: KnownTables;
  readonly prisma: PrismaSchemas;
  /** True for an import of one of the code's own files. */
  isOwn(specifier: string, from: ts.SourceFile): boolean;
  sourceOf(node: ts.Node): Source;
  placeOf(node: ts.Node): Place;
}

/** Knowledge about the code beside its text. */
export interface CodeSetting {
  /** Libraries in addition to those that lint knows. @default none */
  readonly libraries?: readonly Library[];
  /** Targets of imports. @default lint follows only relative paths */
  readonly imports?: readonly ImportPath[];
  /** Prisma's schemas. @default none */
  readonly prisma?: readonly Source[];
  /** Paths of code whose SQL is for another database than PostgreSQL, and is not judged. @default none */
  readonly otherDatabases?: { has(path: string): boolean } | undefined;
  /** Known tables. @default none: a model's table has the model's name */
  readonly tables?: KnownTables;
}

export interface CodeFile {
  readonly source: Source;
  readonly tree: ts.SourceFile;
}

/** A folder deep enough for paths with many `../`. */
const workingFolder = `/${"up/".repeat(16)}`;
const extensions = [".ts", ".tsx", ".mts", ".cts"];

/** True for a path of readable code. Declaration files hold nothing that runs. */
export function isCode(path: string): boolean {
  return extensions.some((extension) => path.endsWith(extension)) && !/\.d\.[cm]?ts$/.test(path);
}

/** The files, read by TypeScript's compiler. Load the compiler first (`loadTypeScript`). */
export function readCode(
  sources: readonly Source[],
  { libraries = [], imports = [], prisma = [], tables = new Map() }: CodeSetting = {},
): Code {
  const { createSourceFile, createProgram, ScriptTarget, JSDocParsingMode } = typescript();
  const parsing = { languageVersion: ScriptTarget.Latest, jsDocParsingMode: JSDocParsingMode.ParseNone };
  const bySource = new Map(sources.map((source) => [posix.join(workingFolder, source.path), source]));
  const trees = new Map([...bySource].map(([path, { text }]) => [path, createSourceFile(path, text, parsing, true)]));
  const absolute = imports.map(({ within, name, targets }) => ({
    name,
    within: within === "" ? "" : posix.join(workingFolder, within),
    targets: targets.map((target) => posix.join(workingFolder, target)),
  }));
  const resolved = new Map<string, string | undefined>();
  const resolve = (specifier: string, from: string) => {
    const key = `${posix.dirname(from)} ${specifier}`;
    if (!resolved.has(key)) {
      const paths = specifier.startsWith(".")
        ? [posix.join(posix.dirname(from), specifier)]
        : targetsOf(absolute, specifier, from);
      resolved.set(key, paths.flatMap((path) => found(trees, path) ?? [])[0]);
    }
    return resolved.get(key);
  };
  const options: ts.CompilerOptions = { noLib: true, types: [], target: ScriptTarget.Latest };
  const program = createProgram({ rootNames: [...trees.keys()], options, host: hostOf(trees, resolve) });
  const sourceOf = (node: ts.Node) => {
    const { fileName: path, text } = node.getSourceFile();
    return bySource.get(path) ?? { path, text };
  };
  return {
    files: [...trees].map(([path, tree]) => ({ tree, source: bySource.get(path) as Source })),
    checker: program.getTypeChecker(),
    libraries: new Libraries(libraries),
    tables,
    prisma: new PrismaSchemas(prisma),
    isOwn: (specifier, from) => resolve(specifier, from.fileName) !== undefined,
    sourceOf,
    placeOf: (node) => placeAt(sourceOf(node), node.getStart()),
  };
}

/** The syntax errors of a file. */
export function syntaxProblems({ source, tree }: CodeFile): Problem[] {
  const { parseDiagnostics } = tree as ts.SourceFile & { readonly parseDiagnostics?: readonly ts.Diagnostic[] };
  return (parseDiagnostics ?? []).slice(0, 1).map(({ messageText, start = 0 }) => ({
    what: `TypeScript cannot read this: ${typescript().flattenDiagnosticMessageText(messageText, " ")}`,
    fix: "Correct the code there, or just before it",
    at: placeAt(source, start),
  }));
}

function hostOf(
  trees: ReadonlyMap<string, ts.SourceFile>,
  resolve: (specifier: string, from: string) => string | undefined,
): ts.CompilerHost {
  return {
    getSourceFile: (path) => trees.get(path),
    fileExists: (path) => trees.has(path),
    readFile: (path) => trees.get(path)?.text,
    getDefaultLibFileName: () => "lib.d.ts",
    getCurrentDirectory: () => "/",
    getCanonicalFileName: (path) => path,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => "\n",
    writeFile: () => {},
    resolveModuleNameLiterals: (literals, from) =>
      literals.map(({ text }) => {
        const path = resolve(text, from);
        if (path === undefined) return { resolvedModule: undefined };
        return { resolvedModule: { resolvedFileName: path, extension: posix.extname(path) } };
      }),
  };
}

function found(trees: ReadonlyMap<string, unknown>, path: string): string | undefined {
  const folder = path.replace(/\/$/, "");
  const bare = folder.replace(/\.[cm]?jsx?$/, "");
  const candidates = [folder, ...extensions.flatMap((end) => [bare + end, `${folder}/index${end}`])];
  return candidates.find((each) => trees.has(each));
}
