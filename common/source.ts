import { createHash } from "node:crypto";
import type { Place } from "./problem";

/** A file's text and path. */
export interface Source {
  /** Relative to the project: `sql/ecommerce/architecture.yaml`. */
  readonly path: string;
  readonly text: string;
}

/** The place of a character, whose offset counts from 0. */
export function placeAt(source: Source, offset: number): Place {
  const starts = lineStarts(source);
  const line = lineAt(source, offset);
  const start = starts[line - 1] ?? 0;
  const text = source.text.slice(start, starts[line]).trimEnd();
  return { file: source.path, line, column: offset - start + 1, text };
}

/** The line, from 1, of a character, whose offset counts from 0. */
export function lineAt(source: Source, offset: number): number {
  const starts = lineStarts(source);
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

/** The offset of a line's first character. Lines count from 1; for a line behind the last one, the text's length. */
export function startOfLine(source: Source, line: number): number {
  return lineStarts(source)[line - 1] ?? source.text.length;
}

const known = new WeakMap<Source, readonly number[]>();

/** The offsets at which lines start. Lines end by LF, CR LF or CR, as for editors and PostgreSQL. */
function lineStarts(source: Source): readonly number[] {
  const found = known.get(source);
  if (found) return found;
  const starts = [0];
  for (const { 0: end, index } of source.text.matchAll(/\r\n?|\n/g)) starts.push(index + end.length);
  known.set(source, starts);
  return starts;
}

/** SHA-256 in hexadecimal. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
