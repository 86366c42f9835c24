import { posix } from "node:path";

/** Where an import that is no path leads: one of tsconfig.json's `paths`, or a package of the workspace. */
export interface ImportPath {
  /** The folder whose files may write it; "" for all. */
  readonly within: string;
  /** As it is written; `*` stands for any text, once. */
  readonly name: string;
  /** The files or folders that it may mean, best first; `*` is what it stood for. */
  readonly targets: readonly string[];
}

/** The paths that an import may mean, best first: of the nearest folder, then of the longest name. */
export function targetsOf(imports: readonly ImportPath[], specifier: string, from: string): string[] {
  return imports
    .flatMap((each) => {
      const rest = isWithin(from, each.within) ? matched(each.name, specifier) : undefined;
      return rest === undefined ? [] : [{ ...each, rest }];
    })
    .toSorted((a, b) => b.within.length - a.within.length || b.name.length - a.name.length)
    .flatMap(({ targets, rest }) => targets.map((target) => posix.normalize(target.replace("*", rest))));
}

function isWithin(path: string, folder: string): boolean {
  return folder === "" || path.startsWith(`${folder}/`);
}

function matched(name: string, specifier: string): string | undefined {
  const [start = "", end] = name.split("*");
  if (end === undefined) return name === specifier ? "" : undefined;
  const fits = specifier.startsWith(start) && specifier.endsWith(end) && specifier.length >= start.length + end.length;
  return fits ? specifier.slice(start.length, specifier.length - end.length) : undefined;
}
