import { basename } from "node:path";
import type { Problem } from "../../common/problem";
import type { Source } from "../../common/source";

const pattern = /^(\d{3,})_[a-z0-9][a-z0-9_-]*\.[sS][qQ][lL]$/;

/** Checks that each SQL file has its own number, because files run in the order of their numbers. */
export function checkFileNames(files: readonly Source[]): Problem[] {
  const byNumber = new Map<number, string>();
  return files.flatMap(({ path }): Problem[] => {
    const name = basename(path);
    const digits = pattern.exec(name)?.[1];
    const at = { file: path };
    if (digits === undefined) {
      return [
        {
          what: "The SQL file's name does not say when it runs",
          got: name,
          expected: "a number of three digits or more, `_`, a name in lower case: `010_orders.sql`",
          fix: "Rename the file",
          at,
        },
      ];
    }
    const other = byNumber.get(Number(digits));
    byNumber.set(Number(digits), name);
    if (other === undefined) return [];
    return [{ what: `Two SQL files have the number ${digits}: \`${other}\` and \`${name}\``, fix: "Renumber one", at }];
  });
}

/** The number that orders SQL files and schema changes. Files without one come last. */
export function fileNumber(path: string): number {
  return Number(/^(\d{3,})_/.exec(basename(path))?.[1] ?? Number.POSITIVE_INFINITY);
}
