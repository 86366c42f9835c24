/** A statement's part of a text, found without PostgreSQL's parser. Offsets are characters from 0. */
export interface SqlPiece {
  /** The offset after the previous semicolon. */
  readonly from: number;
  /** The offset after its own semicolon. */
  readonly to: number;
  /** The offset of its first token, without comments before it. */
  readonly start: number;
  /** The offset after its last token, without the semicolon and comments after it. */
  readonly end: number;
  /** An upper limit of how deep its expressions and queries nest. */
  readonly depth: number;
  /** Comments that contain comments. */
  readonly nestedComments: readonly Stretch[];
  readonly names: readonly Stretch[];
  /** The start of a quote or comment that never ends. Everything after it is unknown. */
  readonly unfinished?: Unfinished;
  /** True for rows after COPY … FROM STDIN, which psql reads and which are not SQL. */
  readonly isRows?: true;
}

interface Stretch {
  readonly start: number;
  readonly end: number;
}

interface Unfinished {
  readonly what: "/* comment" | "quoted string" | "quoted identifier" | "dollar-quoted string";
  readonly at: number;
}

const letter = "A-Za-z_\\x80-\\uffff";
const signs = "[-+*/<>=~!@#%^&|`?]";
const token = new RegExp(
  [
    "--|/\\*|['\"]",
    `\\$(?:[${letter}][\\w\\x80-\\uffff]*)?\\$`,
    `[${letter}][\\w$\\x80-\\uffff]*`,
    "[$\\d][\\w.]*",
    `(?:(?!--|/\\*)${signs})+|::`,
    "[^\\s]",
  ].join("|"),
  "g",
);
const isWord = new RegExp(`^[${letter}]`);
const operator = new RegExp(`^(${signs}|::)`);
/** Words that add a level of nesting, as operators do. */
const deepening = new Set("not is isnull notnull like ilike similar collate at join union except intersect".split(" "));
const setOperators = new Set(["union", "except", "intersect"]);
const opening = new Set(["(", "[", "case"]);
const separating = new Set([",", "and", "or", "when", "then", "else"]);
/** Names up to this length fit PostgreSQL's limit in bytes with any characters. */
const longName = 21;

/** Splits a text into statements in one pass. It accepts any text. */
export function* piecesOf(text: string): Generator<SqlPiece> {
  for (let from = 0; from < text.length; ) {
    const piece = pieceFrom(text, from);
    if (!piece) return;
    yield piece;
    from = piece.to;
    if (readsFromClient(text.slice(piece.start, piece.end))) {
      const rows = rowsFrom(text, from);
      if (rows) yield rows;
      from = rows?.to ?? from;
    }
  }
}

function pieceFrom(text: string, from: number): SqlPiece | undefined {
  const nesting = new Nesting();
  const nestedComments: Stretch[] = [];
  const names: Stretch[] = [];
  let [start, end] = [-1, from];
  let atomic = 0;
  let isRule = false;
  let last = "";
  const words: string[] = [];
  const pieceTo = (to: number, unfinished?: Unfinished): SqlPiece => {
    const whole = { from, to, start, end, depth: nesting.most, nestedComments, names };
    return unfinished ? { ...whole, start: start === -1 ? unfinished.at : start, end: to, unfinished } : whole;
  };
  token.lastIndex = from;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [written] = match;
    const at = match.index;
    if (written === "--") {
      token.lastIndex = endOfLine(text, at);
      continue;
    }
    if (written === "/*") {
      const comment = endOfComment(text, at);
      if (!comment) return pieceTo(text.length, { what: "/* comment", at });
      if (comment.isNested) nestedComments.push({ start: at, end: comment.end });
      token.lastIndex = comment.end;
      continue;
    }
    if (written === ";" && atomic === 0 && !(isRule && nesting.isInside)) {
      if (start !== -1) return pieceTo(at + 1);
      from = at + 1;
      continue;
    }
    if (start === -1) start = at;
    const quote = quoteAt(text, at, written);
    if (quote) {
      if (quote.end === undefined) return pieceTo(text.length, { what: quote.what, at });
      end = quote.end;
      if (quote.what === "quoted identifier" && end - at > longName) names.push({ start: at, end });
      token.lastIndex = end;
      continue;
    }
    end = at + written.length;
    const isNamed = isWord.test(written);
    if (isNamed && written.length > longName) names.push({ start: at, end });
    const word = isNamed ? written.toLowerCase() : written;
    nesting.read(word, isNamed);
    if (words.length < 4) {
      words.push(word);
      isRule ||= /^create (or replace )?rule$/.test(words.join(" "));
    }
    // Everything between BEGIN ATOMIC and its END is one statement.
    if ((word === "atomic" && last === "begin") || (atomic > 0 && word === "case")) atomic++;
    if (atomic > 0 && word === "end") atomic--;
    last = word;
  }
  return start === -1 ? undefined : pieceTo(text.length);
}

/** Computes an upper limit of nesting. It counts operators in a row as if each contained the previous one. */
class Nesting {
  most = 0;
  private readonly outer: Level[] = [];
  private level: Level = { opened: "", base: 0, chain: 0, sets: 0 };

  get isInside(): boolean {
    return this.outer.length > 0;
  }

  read(word: string, isNamed: boolean): void {
    const { level } = this;
    if (separating.has(word)) level.chain = 0;
    else if (opening.has(word)) {
      this.outer.push(level);
      this.level = { opened: word, base: depthOf(level) + 2, chain: 0, sets: 0 };
    } else if (word === ")" || word === "]" || (word === "end" && level.opened === "case")) {
      this.level = this.outer.pop() ?? level;
    } else if (setOperators.has(word)) level.sets++;
    else if (isNamed ? deepening.has(word) : operator.test(word)) level.chain += operatorsIn(word);
    this.most = Math.max(this.most, depthOf(this.level));
  }
}

interface Level {
  readonly opened: string;
  readonly base: number;
  /** Number of operators since the last comma. */
  chain: number;
  /** Number of UNION, EXCEPT and INTERSECT, whose chain a comma does not end. */
  sets: number;
}

/** Counts operators in a token: `+-+` is three signs of a number, `||` is one operator. */
function operatorsIn(word: string): number {
  return Math.max(1, word.replaceAll(/[^-+]/g, "").length);
}

function depthOf({ base, chain, sets }: Level): number {
  return base + chain + sets;
}

/** The kind of quote that starts here, and its end, if it has one. Undefined if no quote starts here. */
function quoteAt(
  text: string,
  at: number,
  written: string,
): { readonly what: Unfinished["what"]; readonly end: number | undefined } | undefined {
  if (written === "'") return { what: "quoted string", end: endOfQuote(text, at, "'") };
  if (written === '"') return { what: "quoted identifier", end: endOfQuote(text, at, '"') };
  if (/^e$/i.test(written) && text[at + 1] === "'") return { what: "quoted string", end: endOfEscapes(text, at + 1) };
  if (!/^\$.*\$$/.test(written)) return undefined;
  const end = text.indexOf(written, at + written.length);
  return { what: "dollar-quoted string", end: end === -1 ? undefined : end + written.length };
}

/** The end of a quote in which a doubled quote stands for one. */
function endOfQuote(text: string, start: number, quote: string): number | undefined {
  for (let at = text.indexOf(quote, start + 1); at !== -1; at = text.indexOf(quote, at + 2)) {
    if (text[at + 1] !== quote) return at + 1;
  }
  return undefined;
}

/** The end of a string with backslash escapes. */
function endOfEscapes(text: string, start: number): number | undefined {
  const sign = /\\[\s\S]|''?/g;
  sign.lastIndex = start + 1;
  for (let match = sign.exec(text); match; match = sign.exec(text)) {
    if (match[0] === "'") return sign.lastIndex;
  }
  return undefined;
}

function endOfComment(text: string, start: number): { readonly end: number; readonly isNested: boolean } | undefined {
  const border = /\/\*|\*\//g;
  border.lastIndex = start + 2;
  let depth = 1;
  let isNested = false;
  for (let match = border.exec(text); match; match = border.exec(text)) {
    depth += match[0] === "*/" ? -1 : 1;
    isNested ||= depth > 1;
    if (depth === 0) return { end: border.lastIndex, isNested };
  }
  return undefined;
}

function endOfLine(text: string, at: number): number {
  const end = /[\n\r]/g;
  end.lastIndex = at;
  return end.exec(text)?.index ?? text.length;
}

function readsFromClient(statement: string): boolean {
  return /^copy\b/i.test(statement) && /\bfrom\s+stdin\b/i.test(statement);
}

/** The rows up to psql's `\.`, or to the end of the text. */
function rowsFrom(text: string, from: number): SqlPiece | undefined {
  const last = /^\\\.[ \t]*$/gm;
  last.lastIndex = from;
  const to = last.exec(text) ? last.lastIndex : text.length;
  const first = /\S/g;
  first.lastIndex = from;
  const start = first.exec(text)?.index ?? to;
  if (start >= to) return undefined;
  return { from, to, start, end: to, depth: 0, nestedComments: [], names: [], isRows: true };
}
