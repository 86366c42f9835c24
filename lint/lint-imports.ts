import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { ImportPath } from "./typescript/imports";

/**
 * Targets of imports that are not relative paths: `paths` of the tsconfig.json in the files' folders, and the packages
 * in them, for any package manager.
 */
export function readImports(files: readonly string[], from: string): ImportPath[] {
  const shown = (path: string) => relative(from, path);
  return foldersOf(files)
    .flatMap((folder) => [...ofConfiguration(folder, join(folder, "tsconfig.json")), ...ofPackage(folder)])
    .map(({ within, name, targets }) => ({ within: within && shown(within), name, targets: targets.map(shown) }));
}

/** The folders of the files, and all folders above them. */
function foldersOf(files: readonly string[]): string[] {
  const found = new Set<string>();
  for (const file of files) {
    for (let folder = dirname(file); !found.has(folder); folder = dirname(folder)) found.add(folder);
  }
  return [...found];
}

interface Configuration {
  readonly extends?: string | readonly string[];
  readonly compilerOptions?: {
    readonly baseUrl?: string;
    readonly paths?: Readonly<Record<string, readonly string[]>>;
  };
}

/** `paths` of a tsconfig.json, or of the nearest configuration that it extends. */
function ofConfiguration(within: string, file: string, depth = 0): ImportPath[] {
  const configuration = readJson<Configuration>(file);
  if (!configuration || depth > 5) return [];
  const { baseUrl = ".", paths } = configuration.compilerOptions ?? {};
  if (paths) {
    const base = join(dirname(file), baseUrl);
    return Object.entries(paths).map(([name, targets]) => ({
      within,
      name,
      targets: targets.map((each) => join(base, each)),
    }));
  }
  return [configuration.extends ?? []]
    .flat()
    .filter((each) => each.startsWith("."))
    .flatMap((each) => {
      const extended = join(dirname(file), each);
      return ofConfiguration(within, existsSync(extended) ? extended : `${extended}.json`, depth + 1);
    });
}

interface Package {
  readonly name?: string;
  readonly exports?: unknown;
  readonly source?: string;
  readonly types?: string;
  readonly module?: string;
  readonly main?: string;
}

/** A package by its name, from any folder; its targets are the sources of its entry points. */
function ofPackage(folder: string): ImportPath[] {
  const found = readJson<Package>(join(folder, "package.json"));
  if (typeof found?.name !== "string" || found.name === "") return [];
  const { name, exports: exported, source, types, module, main } = found;
  const entries = new Map<string, string[]>([
    [".", [source, types, module, main].filter((each) => typeof each === "string")],
  ]);
  const isMap =
    typeof exported === "object" && exported !== null && Object.keys(exported).some((key) => key.startsWith("."));
  for (const [key, value] of Object.entries(isMap ? exported : { ".": exported })) {
    entries.set(key, [...textsIn(value), ...(entries.get(key) ?? [])]);
  }
  entries.set(".", [...(entries.get(".") ?? []), "src/index", "index", "src/main"]);
  entries.set("./*", [...(entries.get("./*") ?? []), "*", "src/*"]);
  return [...entries].map(([key, targets]) => ({
    within: "",
    name: key === "." ? name : `${name}/${key.slice(2)}`,
    targets: targets.flatMap(sourcesOf).map((each) => join(folder, each)),
  }));
}

/** The possible sources of an entry point, guessed from its path: `dist/index.js` comes from `src/index`. */
function sourcesOf(target: string): string[] {
  const bare = target.replace(/(\.d)?\.[cm]?[jt]sx?$/, "");
  return [bare, bare.replace(/(^|\/)(dist|lib|build|out)\/((esm|cjs|types|src)\/)?/, "$1src/")];
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** A JSON file with comments; undefined if it is missing or cannot be read. */
function readJson<T>(file: string): T | undefined {
  try {
    const text = readFileSync(file, "utf8").replaceAll(/("(?:\\.|[^"\\])*")|\/\/.*|\/\*[\s\S]*?\*\//g, "$1");
    return JSON.parse(text.replaceAll(/,(\s*[}\]])/g, "$1")) as T;
  } catch {
    return undefined;
  }
}
