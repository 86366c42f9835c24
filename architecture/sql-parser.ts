import { hasSqlDetails, loadModule, type Node, parseSync, scanSync } from "libpg-query";
import { maxIdentifierBytes } from "./identifier";
import type { Place, Problem } from "./problem";
import { placeAt, type Source } from "./source";

/** A SQL file as PostgreSQL's own parser reads it. */
export interface ParsedSql {
  readonly source: Source;
  readonly statements: readonly ParsedStatement[];
}

export interface ParsedStatement {
  readonly node: Node;
  readonly source: Source;
  /** Characters of the file's text, from 0: the statement without comments before it and the semicolon after. */
  readonly start: number;
  readonly end: number;
  /** The statement's words and signs, without comments. */
  readonly tokens: readonly Token[];
  /** The character, from 0, of a node's `location`, which counts bytes of the file. */
  offsetOf(location: number | undefined): number;
  placeOf(location: number | undefined): Place;
}

export interface Token {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Loads PostgreSQL's parser, which is WebAssembly: once, before the first `parseSql`. */
export const loadSqlParser: () => Promise<void> = loadModule;

/** The file's statements, or what is wrong with its syntax. */
export function parseSql(source: Source): ParsedSql | Problem[] {
  if (source.text.trim() === "") return { source, statements: [] };
  const toCharacter = characterOffsets(source.text);
  try {
    // Before the scanner, which does not say where it stumbles.
    const { stmts = [] } = parseSync(source.text);
    const words = scanSync(source.text)
      .tokens.filter(({ tokenName }) => !tokenName.endsWith("_COMMENT"))
      .map(({ start, end, text, tokenName }) => ({
        start: toCharacter(start),
        end: toCharacter(end),
        text,
        isName: tokenName === "IDENT",
      }));
    const statements = stmts.map(({ stmt, stmt_location = 0, stmt_len }) => {
      const start = toCharacter(stmt_location);
      const end = stmt_len ? toCharacter(stmt_location + stmt_len) : source.text.length;
      const tokens = words.filter((token) => token.start >= start && token.end <= end && token.text !== ";");
      return {
        node: stmt as Node,
        source,
        start: tokens[0]?.start ?? start,
        end: tokens.at(-1)?.end ?? end,
        tokens,
        offsetOf: (location: number | undefined) => toCharacter(location ?? 0),
        placeOf: (location: number | undefined) => placeAt(source, toCharacter(location ?? 0)),
      };
    });
    const tooLong = words.filter(isTooLong).map((token) => tooLongProblem(source, token));
    return tooLong.length > 0 ? tooLong : { source, statements };
  } catch (error) {
    if (!hasSqlDetails(error)) throw error;
    return [syntaxProblem(source, error.message, error.sqlDetails?.cursorPosition ?? 0)];
  }
}

function isTooLong({ text, isName }: Token & { readonly isName: boolean }): boolean {
  return isName && Buffer.byteLength(unquoted(text)) > maxIdentifierBytes;
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

function tooLongProblem(source: Source, { start, text }: Token): Problem {
  return {
    what: "Name is too long: PostgreSQL would cut it without a word",
    got: `${text} (${Buffer.byteLength(unquoted(text))} bytes)`,
    expected: `at most ${maxIdentifierBytes} bytes`,
    fix: "Shorten the name",
    at: placeAt(source, start),
  };
}

/** PostgreSQL counts the characters before the error; JavaScript's strings count UTF-16 units. */
function syntaxProblem(source: Source, message: string, cursor: number): Problem {
  const offset = [...source.text].slice(0, cursor).join("").length;
  const at = placeAt(source, offset);
  const what = `PostgreSQL cannot read this SQL: ${message}`;
  if (source.text[offset] === "\\") {
    return { what, fix: "Remove the backslash command: psql knows those, PostgreSQL does not", at };
  }
  if (/\bcopy\b[^;]*\bfrom\s+stdin\b[^;]*;\s*$/i.test(source.text.slice(0, offset))) {
    return { what, fix: "Write the rows as INSERT: COPY FROM STDIN needs psql", at };
  }
  return { what, fix: "Correct the SQL at the caret, or just before it", at };
}

/** Bytes of UTF-8, as PostgreSQL's parser counts, to characters of the string. */
function characterOffsets(text: string): (byte: number) => number {
  if (Buffer.byteLength(text) === text.length) return (byte) => byte;
  const characters: number[] = [];
  let offset = 0;
  for (const character of text) {
    for (let bytes = Buffer.byteLength(character); bytes > 0; bytes--) characters.push(offset);
    offset += character.length;
  }
  return (byte) => characters[byte] ?? text.length;
}
