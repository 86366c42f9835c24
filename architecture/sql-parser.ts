import { hasSqlDetails, loadModule, type Node, parseSync, scanSync } from "libpg-query";
import { maxIdentifierBytes } from "./identifier";
import type { Place, Problem } from "./problem";
import { placeAt, type Source } from "./source";

/** A SQL file as PostgreSQL's own parser reads it. */
export interface ParsedSql {
  readonly source: Source;
  /** Those that can be read. */
  readonly statements: readonly ParsedStatement[];
  /** Syntax errors, and names that PostgreSQL would cut. */
  readonly problems: readonly Problem[];
  /** False where a statement cannot be read, so that nobody knows what it would have made. */
  readonly isComplete: boolean;
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

/** The file's statements, and what is wrong with its syntax: a statement that cannot be read hides no other. */
export function parseSql(source: Source): ParsedSql {
  if (source.text.trim() === "") return { source, statements: [], problems: [], isComplete: true };
  const whole = parsePiece(source, 0, source.text.length);
  const pieces = "what" in whole ? piecesOf(source).map(([from, to]) => parsePiece(source, from, to)) : [whole];
  const read = pieces.flatMap((piece) => ("what" in piece ? [] : [piece]));
  const syntax = pieces.flatMap((piece) => ("what" in piece ? [piece] : []));
  const tooLong = read.flatMap(({ words }) => words.filter(isTooLong)).filter(isFirst);
  return {
    source,
    statements: read.flatMap(({ statements }) => statements),
    problems: [...syntax, ...tooLong.map((word) => tooLongProblem(source, word))],
    isComplete: syntax.length === 0,
  };
}

/** All or a part of the text, from one character to another: its statements, or the syntax error in it. */
function parsePiece(source: Source, from: number, to: number): Piece | Problem {
  const piece = source.text.slice(from, to);
  const toCharacter = characterOffsets(piece);
  try {
    // Before the scanner, which does not say where it stumbles.
    const { stmts = [] } = parseSync(piece);
    const words = scanWords(piece, from);
    const statements = stmts.map(({ stmt, stmt_location = 0, stmt_len }) => {
      const start = from + toCharacter(stmt_location);
      const end = stmt_len ? from + toCharacter(stmt_location + stmt_len) : to;
      const tokens = words.filter((token) => token.start >= start && token.end <= end && token.text !== ";");
      const offsetOf = (location: number | undefined) => from + toCharacter(location ?? 0);
      return {
        node: stmt as Node,
        source,
        start: tokens[0]?.start ?? start,
        end: tokens.at(-1)?.end ?? end,
        tokens,
        offsetOf,
        placeOf: (location: number | undefined) => placeAt(source, offsetOf(location)),
      };
    });
    return { statements, words };
  } catch (error) {
    if (!hasSqlDetails(error)) throw error;
    return syntaxProblem(source, error.message, from, error.sqlDetails?.cursorPosition ?? 0);
  }
}

interface Piece {
  readonly statements: readonly ParsedStatement[];
  readonly words: readonly Word[];
}

interface Word extends Token {
  readonly isName: boolean;
}

function scanWords(text: string, from: number): Word[] {
  const toCharacter = characterOffsets(text);
  return scanSync(text)
    .tokens.filter(({ tokenName }) => !tokenName.endsWith("_COMMENT"))
    .map(({ start, end, text: word, tokenName }) => ({
      start: from + toCharacter(start),
      end: from + toCharacter(end),
      text: word,
      isName: tokenName === "IDENT",
    }));
}

/** The text between semicolons; whole where it cannot even be split into words. Statements in BEGIN ATOMIC belong together. */
function piecesOf({ text }: Source): [from: number, to: number][] {
  const ends: number[] = [];
  let depth = 0;
  let before = "";
  for (const { text: written, end } of wordsOf(text)) {
    const word = written.toLowerCase();
    if ((word === "atomic" && before === "begin") || (depth > 0 && word === "case")) depth++;
    if (depth > 0 && word === "end") depth--;
    if (word === ";" && depth === 0) ends.push(end);
    before = word;
    // What follows are rows for psql.
    if (word === ";" && readsFromClient(text.slice(0, end))) break;
  }
  const borders = [0, ...ends, text.length];
  return borders
    .slice(1)
    .map((to, i): [number, number] => [borders[i] ?? 0, to])
    .filter(([from, to]) => text.slice(from, to).trim() !== "");
}

function wordsOf(text: string): Word[] {
  try {
    return scanWords(text, 0);
  } catch {
    return [];
  }
}

function readsFromClient(before: string): boolean {
  return /\bcopy\b[^;]*\bfrom\s+stdin\b[^;]*;\s*$/i.test(before);
}

function isTooLong({ text, isName }: Word): boolean {
  return isName && Buffer.byteLength(unquoted(text)) > maxIdentifierBytes;
}

function isFirst({ text }: Word, index: number, words: readonly Word[]): boolean {
  return words.findIndex((each) => each.text === text) === index;
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
function syntaxProblem(source: Source, message: string, from: number, cursor: number): Problem {
  const offset = from + [...source.text.slice(from)].slice(0, cursor).join("").length;
  const at = placeAt(source, offset);
  const what = `PostgreSQL cannot read this SQL: ${message}`;
  if (source.text[offset] === "\\") {
    return { what, fix: "Remove the backslash command: psql knows those, PostgreSQL does not", at };
  }
  if (readsFromClient(source.text.slice(0, offset))) {
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
