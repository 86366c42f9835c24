import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** Writes the whole file or nothing: a kill never leaves half of it. Nobody else can read it at any moment. */
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

/** The text, or undefined if there is no such file. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** The last lines of a log, without reading all of it into the terminal. */
export function lastLines(path: string, count: number): string[] {
  return (readIfThere(path) ?? "").trimEnd().split("\n").slice(-count);
}
