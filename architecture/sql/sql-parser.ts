import { hasSqlDetails, type Node } from "libpg-query";
import { maxIdentifierBytes } from "../../common/identifier";
import type { Place, Problem } from "../../common/problem";
import { placeAt, type Source } from "../../common/source";
import { maxDepth, parseKnown, scan } from "./pg-parser";
import { shapeOfRows } from "./sql-rows";
import { piecesOf, type SqlPiece } from "./sql-splitter";

/** A SQL file, parsed by PostgreSQL's own parser. */
export interface ParsedSql {
  readonly source: Source;
  /** The statements that can be parsed. */
  readonly statements: readonly ParsedStatement[];
  /** Syntax errors, and names that PostgreSQL would cut. */
  readonly problems: readonly Problem[];
  /** False if a statement can't be parsed, so that its effects are unknown. */
  readonly isComplete: boolean;
}

export interface ParsedStatement {
  readonly node: Node;
  readonly source: Source;
  /** Offsets in the file's text, from 0: the statement without comments before it and without its semicolon. */
  readonly start: number;
  readonly end: number;
  /** True if the statement stands in a DO block. @default false */
  readonly inBlock?: true;
  /** The statement's tokens, without comments. */
  readonly tokens: readonly Token[];
  /** Converts a node's `location`, which counts bytes, to an offset in the file's text. */
  offsetOf(location: number | undefined): number;
  placeOf(location: number | undefined): Place;
}

export interface Token {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export { loadSqlParser } from "./pg-parser";

/** The length of text that PostgreSQL's parser gets at once. The trees of a longer one could fill the memory. */
const batchLength = 1 << 17;
/** After this offset of a file, INSERTs of constants count as data, and their constants are not kept in memory. */
const dataFrom = 1 << 20;
/** The length up to which the parser's memory surely holds the tree of a statement. */
const maxStatementLength = 1 << 24;
const mebi = 1 << 20;

/** Parses a file. A statement that can't be parsed becomes a problem, and all others are still parsed. */
export function parseSql(source: Source): ParsedSql {
  const statements: ParsedStatement[] = [];
  const syntax: Problem[] = [];
  const tooLong = new Map<string, Problem>();
  const nul = source.text.indexOf("\0");
  // PostgreSQL would stop reading at a NUL byte, and the parser would skip the rest of the file.
  const text = nul === -1 ? source.text : source.text.replaceAll("\0", " ");
  if (nul !== -1) syntax.push({ ...nulProblem, at: placeAt(source, nul) });
  const shapes = new Map<string, Node | undefined>();
  for (const batch of batchesOf(text)) {
    const read = parseRows(source, text, batch, shapes) ?? parseBatch(source, text, batch);
    statements.push(...read.statements);
    syntax.push(...read.problems);
    for (const { start, end } of batch.flatMap(({ names }) => names)) {
      const name = text.slice(start, end);
      if (!tooLong.has(name) && isTooLong(name)) tooLong.set(name, tooLongProblem(source, start, name));
    }
  }
  return { source, statements, problems: [...syntax, ...tooLong.values()], isComplete: syntax.length === 0 };
}

interface Read {
  readonly statements: readonly ParsedStatement[];
  readonly problems: readonly Problem[];
}

function* batchesOf(text: string): Generator<SqlPiece[]> {
  let batch: SqlPiece[] = [];
  for (const piece of piecesOf(text)) {
    const isLast = piece.to >= dataFrom && shapeOfRows(text, piece.start, piece.end) !== undefined;
    if (isLast && batch.length > 0) {
      yield batch;
      batch = [];
    }
    batch.push(piece);
    if (!isLast && piece.to - (batch[0]?.from ?? 0) < batchLength) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Parses an INSERT of data by the tree that all INSERTs of its shape share. Undefined for everything else. */
function parseRows(
  source: Source,
  text: string,
  [piece, ...others]: readonly SqlPiece[],
  shapes: Map<string, Node | undefined>,
): Read | undefined {
  if (!piece || others.length > 0 || piece.to < dataFrom) return undefined;
  const shape = shapeOfRows(text, piece.start, piece.end);
  if (shape === undefined) return undefined;
  if (!shapes.has(shape)) shapes.set(shape, treeOf(shape));
  const tree = shapes.get(shape);
  return tree && { statements: [new Statement(tree, source, { ...piece, from: piece.start }, 0)], problems: [] };
}

function treeOf(shape: string): Node | undefined {
  try {
    return parseKnown(shape)[0]?.stmt as Node | undefined;
  } catch {
    return undefined;
  }
}

/** Parses consecutive statements together, which is fast. If one of them can't be parsed, parses them one by one. */
function parseBatch(source: Source, text: string, pieces: readonly SqlPiece[]): Read {
  const [first] = pieces;
  const problem = first && pieces.length === 1 ? unreadable(source, first) : undefined;
  if (!first || problem) return { statements: [], problems: problem ? [problem] : [] };
  try {
    if (pieces.every((piece) => !unreadable(source, piece))) {
      const trees = parseKnown(pieces.map((piece) => withoutNested(text, piece)).join(""));
      if (trees.length === pieces.length)
        return { statements: statementsOf(source, text, pieces, trees), problems: [] };
      if (pieces.length === 1) {
        return { statements: trees.flatMap((tree) => statementsOf(source, text, pieces, [tree])), problems: [] };
      }
    }
  } catch (error) {
    if (!hasSqlDetails(error)) throw error;
    if (pieces.length === 1) {
      const offset = first.from + unitsOf(text.slice(first.from, first.to), error.sqlDetails?.cursorPosition ?? 0);
      return { statements: [], problems: [syntaxProblem(source, error.message, offset)] };
    }
  }
  const read = pieces.map((piece) => parseBatch(source, text, [piece]));
  return { statements: read.flatMap((each) => each.statements), problems: read.flatMap((each) => each.problems) };
}

function statementsOf(
  source: Source,
  text: string,
  pieces: readonly SqlPiece[],
  trees: readonly { readonly stmt?: unknown }[],
): ParsedStatement[] {
  let bytes = 0;
  return pieces.map((piece, index) => {
    const statement = new Statement(trees[index]?.stmt as Node, source, piece, bytes);
    bytes += Buffer.byteLength(text.slice(piece.from, piece.to));
    return statement;
  });
}

class Statement implements ParsedStatement {
  readonly start: number;
  readonly end: number;
  private readonly from: number;
  private words: readonly Token[] | undefined;
  private toCharacter: ((byte: number) => number) | undefined;

  constructor(
    readonly node: Node,
    readonly source: Source,
    { from, start, end }: SqlPiece,
    /** Bytes of UTF-8 before `from` in the parser's input. */
    private readonly bytesBefore: number,
  ) {
    this.from = from;
    this.start = start;
    this.end = end;
  }

  get tokens(): readonly Token[] {
    const { source, start, end } = this;
    this.words ??= wordsOf(source.text.slice(start, end), start);
    return this.words;
  }

  // Lint rules destructure these two, so they are arrow functions.
  readonly offsetOf = (location: number | undefined): number => {
    const bytes = (location ?? 0) - this.bytesBefore;
    // The tree omits a location that is 0 or unknown.
    if (bytes <= 0) return this.start;
    this.toCharacter ??= characters(this.source.text.slice(this.from, this.end));
    return this.from + this.toCharacter(bytes);
  };

  readonly placeOf = (location: number | undefined): Place => placeAt(this.source, this.offsetOf(location));
}

function wordsOf(text: string, from: number): Token[] {
  const toCharacter = characters(text);
  return scan(text)
    .filter(({ tokenName }) => !tokenName.endsWith("_COMMENT"))
    .map(({ start, end, text: word }) => {
      return { start: from + toCharacter(start), end: from + toCharacter(end), text: word };
    });
}

/** Reports statements that the parser surely can't read, or must not be given. */
function unreadable(source: Source, { start, end, depth, unfinished, isRows }: SqlPiece): Problem | undefined {
  if (unfinished) return syntaxProblem(source, `unterminated ${unfinished.what}`, unfinished.at);
  const at = placeAt(source, start);
  if (isRows) return { what: "Rows behind COPY FROM STDIN are no SQL: psql reads them", fix: rowsFix, at };
  if (depth > maxDepth) {
    return {
      what: "This statement nests deeper than can be read",
      got: `about ${depth} operators, parentheses and queries in each other`,
      expected: `at most ${maxDepth}`,
      fix: "Split it: add up its parts one by one, or list them in an array or in VALUES",
      at,
    };
  }
  if (end - start > maxStatementLength) {
    return {
      what: "This statement is longer than can be read",
      got: `${Math.ceil((end - start) / mebi)} MiB`,
      expected: `at most ${maxStatementLength / mebi} MiB`,
      fix: "Split it into several",
      at,
    };
  }
  return undefined;
}

const rowsFix = "Write the rows as INSERT: COPY FROM STDIN needs psql";
const nulProblem = {
  what: "The SQL holds a NUL byte: PostgreSQL reads nothing behind it",
  fix: "Remove the byte",
};

/**
 * Replaces nested comments by blanks. They slow PostgreSQL's scanner down, because at each sign in them it reads ahead
 * over all operator signs.
 */
function withoutNested(text: string, { from, to, nestedComments }: SqlPiece): string {
  let [kept, at] = ["", from];
  for (const { start, end } of nestedComments) {
    kept += text.slice(at, start) + " ".repeat(Buffer.byteLength(text.slice(start, end)));
    at = end;
  }
  return kept + text.slice(at, to);
}

function isTooLong(name: string): boolean {
  return Buffer.byteLength(unquoted(name)) > maxIdentifierBytes;
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

function tooLongProblem(source: Source, start: number, name: string): Problem {
  return {
    what: "Name is too long: PostgreSQL would cut it without a word",
    got: `${name} (${Buffer.byteLength(unquoted(name))} bytes)`,
    expected: `at most ${maxIdentifierBytes} bytes`,
    fix: "Shorten the name",
    at: placeAt(source, start),
  };
}

function syntaxProblem(source: Source, message: string, offset: number): Problem {
  const isCommand = source.text[offset] === "\\";
  return {
    what: `PostgreSQL cannot read this SQL: ${message}`,
    fix: isCommand
      ? "Remove the backslash command: psql knows those, PostgreSQL does not"
      : "Correct the SQL at the caret, or just before it",
    at: placeAt(source, offset),
  };
}

/**
 * Converts a number of characters, by which PostgreSQL places an error, to UTF-16 units, which JavaScript's strings
 * have.
 */
function unitsOf(text: string, count: number): number {
  let at = 0;
  for (let left = count; left > 0 && at < text.length; left--) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}

/**
 * Converts offsets in UTF-8, in which PostgreSQL's parser counts, to offsets in the string. It is fastest for growing
 * offsets.
 */
function characters(text: string): (byte: number) => number {
  if (Buffer.byteLength(text) === text.length) return (byte) => Math.min(byte, text.length);
  let [at, bytes] = [0, 0];
  return (byte) => {
    if (byte < bytes) [at, bytes] = [0, 0];
    while (bytes < byte && at < text.length) {
      const code = text.codePointAt(at) ?? 0;
      bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      at += code > 0xffff ? 2 : 1;
    }
    return at;
  };
}
