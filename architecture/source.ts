import { createHash } from "node:crypto";
import type { Place } from "./problem";

/** A file's text and where it came from. */
export interface Source {
  /** Relative to the project: `sql/ecommerce/architecture.yaml`. */
  readonly path: string;
  readonly text: string;
}

/** The place of a character of the text, counted from 0. */
export function placeAt({ path, text }: Source, offset: number): Place {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", start);
  return {
    file: path,
    line: lineAt(text, offset),
    column: offset - start + 1,
    text: text.slice(start, end === -1 ? undefined : end).trimEnd(),
  };
}

/** The line, from 1, of a character of the text, counted from 0. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/** SHA-256 in hexadecimal. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
