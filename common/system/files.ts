import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Problems } from "../problem";

/** Writes the whole file or nothing, even if the process is killed. Other accounts can't read it at any moment. */
export function writePrivate(path: string, text: string): void {
  const part = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    writeFileSync(part, text, { mode: 0o600, flag: "wx" });
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/**
 * Makes a folder and the missing folders above it. Node's recursive mkdir never ends in /proc, where the folder above
 * always seems to be missing.
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    // Another process has made it meanwhile.
    if (code === "EEXIST" && isFolder(path)) return;
    if (code !== "ENOENT") throw error;
    throw new Problems([{ what: "The folder cannot be created", got: path, fix: "Choose another place with --home" }]);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** The file's text, or undefined if there is no such file. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** The last lines of a log. */
export function lastLines(path: string, count: number): string[] {
  return (readIfThere(path) ?? "").trimEnd().split("\n").slice(-count);
}
