import { loadModule, parsePlPgSQLSync, parseSync, scanSync } from "libpg-query";
import { piecesOf } from "./sql-splitter";

/** PostgreSQL's own parser, in WebAssembly: what would bring it down for good is kept from it. */

/** Loads it: once, before the first call. */
export const loadSqlParser: () => Promise<void> = loadModule;

/** Levels that the parser's stack has room for, twice over. */
export const maxDepth = 1_000;

/** Statements in SQL that was read before as part of something else, such as a function's body. */
export function parseStatements(sql: string) {
  for (const { depth } of piecesOf(sql)) refuseDeeper(depth);
  return parseSync(wellFormed(sql)).stmts ?? [];
}

/** The tree of a statement that holds PL/pgSQL. */
export function parsePlPgSql(statement: string): unknown {
  refuseDeeper(blockDepth(statement));
  return parsePlPgSQLSync(wellFormed(statement));
}

/** The same for a text whose depth is known. */
export function parseKnown(sql: string) {
  return parseSync(wellFormed(sql)).stmts ?? [];
}

export function scan(sql: string) {
  return scanSync(wellFormed(sql)).tokens;
}

/** Half a character, which code can write and a file can't, is no UTF-8. */
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
