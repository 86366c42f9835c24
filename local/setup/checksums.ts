import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** SHA-256 checksums by file name. */
export type Checksums = ReadonlyMap<string, string>;

/** Parses a list in the format of `sha256sum`. */
export function parseChecksums(list: string): Checksums {
  const lines = list.split("\n").map((line) => line.trim().split(/\s+\*?/));
  return new Map(lines.flatMap(([sum, file]) => (sum && file ? [[file, sum]] : [])));
}

export function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/**
 * The first difference between a directory's files and the list: a missing file, a different file, or an additional jar, which
 * Java would load. Undefined if there is none.
 *
 * @param others additional jars that are allowed
 */
export function differenceFrom(
  checksums: Checksums,
  directory: string,
  others: readonly string[] = [],
): string | undefined {
  for (const [file, expected] of checksums) {
    const path = join(directory, file);
    if (!existsSync(path)) return `${file} is missing`;
    const got = sha256(path);
    if (got !== expected) return `${file} has the SHA-256 ${got}, not ${expected}`;
  }
  const jars = existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: "utf8" }) : [];
  const unknown = jars.find((file) => file.endsWith(".jar") && !checksums.has(file) && !others.includes(file));
  return unknown && `${unknown} does not belong there`;
}
