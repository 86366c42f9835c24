import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** SHA-256 by file. */
export type Checksums = ReadonlyMap<string, string>;

/** A list as `sha256sum` writes it. */
export function parseChecksums(list: string): Checksums {
  const lines = list.split("\n").map((line) => line.trim().split(/\s+\*?/));
  return new Map(lines.flatMap(([sum, file]) => (sum && file ? [[file, sum]] : [])));
}

export function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/**
 * The first way in which a directory's files are not those of the list: one missing, different, or a jar too many, which
 * Java would load.
 *
 * @param others jars that may lie beside them
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
