import { posix } from "node:path";

/** Target of an import that is not a relative path: one of tsconfig.json's `paths`, or a package of the workspace. */
export interface ImportPath {
  /** Folder whose files may use the import; "" for all files. */
  readonly within: string;
  /** The import as code writes it; `*` stands for any text, once. */
  readonly name: string;
  /** Candidate files or folders, best first; `*` is replaced by the matched text. */
  readonly targets: readonly string[];
}

/** The candidate paths of an import, best first: of the nearest folder, then of the longest name. */
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
