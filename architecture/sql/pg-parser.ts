import { loadModule, parsePlPgSQLSync, parseSync, scanSync } from "libpg-query";
import { piecesOf } from "./sql-splitter";

/** PostgreSQL's own parser, in WebAssembly. These functions reject input that would crash it for good. */

/** Loads the parser. It must run once, before the first call. */
export const loadSqlParser: () => Promise<void> = loadModule;

/** Levels of nesting that are accepted: half of what fits on the parser's stack. */
export const maxDepth = 1_000;

/** Parses SQL that was part of something else, such as a function's body. */
export function parseStatements(sql: string) {
  for (const { depth } of piecesOf(sql)) refuseDeeper(depth);
  return parseSync(wellFormed(sql)).stmts ?? [];
}

/** The tree of a statement that contains PL/pgSQL. */
export function parsePlPgSql(statement: string): unknown {
  refuseDeeper(blockDepth(statement));
  return parsePlPgSQLSync(wellFormed(statement));
}

/** Like `parseStatements`, for SQL whose depth was checked before. */
export function parseKnown(sql: string) {
  return parseSync(wellFormed(sql)).stmts ?? [];
}

export function scan(sql: string) {
  return scanSync(wellFormed(sql)).tokens;
}

/** Replaces lone surrogates, which a string in code may hold, but which are not valid UTF-8. */
function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, "\ufffd");
}

function refuseDeeper(depth: number): void {
  if (depth > maxDepth) throw new RangeError(`${depth} levels are too many for PostgreSQL's parser`);
}

function blockDepth(statement: string): number {
  let [depth, most] = [0, 0];
  for (const [word] of statement.matchAll(/\b(end\s+(if|loop|case)|end|if|loop|case|begin)\b/gi)) {
    depth += /^end/i.test(word) ? -1 : 1;
    most = Math.max(most, depth);
  }
  return most;
}
