import type * as ts from "typescript";
import { type ParsedSql, parseSql } from "../../architecture/sql/sql-parser";
import type { Place } from "../../common/problem";
import { placeAt, type Source } from "../../common/source";
import { builtSql } from "./built-sql";
import type { Code } from "./code";
import type { CodeText } from "./code-text";
import { type Origin, originOf } from "./origin";
import { type PlaceholderStyle, placeholderStyles, withNumbers } from "./placeholders";
import { textOf } from "./text";
import { typescript } from "./typescript";

/** A query that code passes to a database client. */
export interface EmbeddedSql {
  /** The call or the tagged template. */
  readonly node: ts.Node;
  /** The text in the code, with blanks for parts that are filled in. */
  readonly text: string;
  /** The parsed query; undefined if PostgreSQL's parser cannot read it because too much is filled in. */
  readonly parsed: ParsedSql | undefined;
  /** False if some of its conditions are unknown. */
  readonly isWhole: boolean;
  /** Offsets of the text in the file, from 0. */
  readonly start: number;
  readonly end: number;
  /** Converts a place in the query's text to one in the file. */
  inFile(place: Place): Place;
}

const rawMethod = /^\$(query|execute)Raw(Unsafe)?$/;

const read = new WeakMap<Code, Map<ts.Node, EmbeddedSql | undefined>>();

/** The query of a call or a tagged template: SQL, or a query that a library builds; undefined if there is none. */
export function embeddedSql(code: Code, node: ts.Node): EmbeddedSql | undefined {
  const t = typescript();
  // An entry for every node of every file would take more memory than the files.
  if (!t.isCallExpression(node) && !t.isTaggedTemplateExpression(node)) return undefined;
  const known = read.get(code) ?? new Map<ts.Node, EmbeddedSql | undefined>();
  read.set(code, known);
  if (!known.has(node)) known.set(node, readSql(code, node));
  return known.get(node);
}

function readSql(code: Code, node: ts.Node): EmbeddedSql | undefined {
  const written = queryText(code, node);
  const isWritten = written && /^\s*(--|\/\*|\(|\w)/.test(written.text) && startsLikeSql(written.text);
  const built = isWritten || !typescript().isCallExpression(node) ? undefined : builtSql(code, node);
  const text = isWritten ? written : built?.text;
  if (!text) return undefined;
  const source = code.sourceOf(node);
  const { parsed, text: read } = parse(text, source, () => stylesOf(code, node));
  return {
    node,
    text: text.text,
    parsed,
    isWhole: built?.isWhole ?? true,
    start: text.offsets.reduce((least, each) => Math.min(least, each)),
    end: text.offsets.reduce((most, each) => Math.max(most, each)),
    inFile: ({ line = 1, column = 1 }) => {
      const start = read.text.split("\n", line - 1).reduce((sum, each) => sum + each.length + 1, 0);
      const offset = read.offsets[Math.min(start + column - 1, read.offsets.length - 1)];
      return placeAt(source, offset ?? node.getStart());
    },
  };
}

function startsLikeSql(text: string): boolean {
  const bare = text.replaceAll(/--.*|\/\*[\s\S]*?\*\//g, "").trimStart();
  return /^\(?\s*(select|insert|update|delete|with|merge|create|alter|drop|truncate|grant|revoke|copy|lock)\s/i.test(
    bare,
  );
}

function queryText(code: Code, node: ts.Node): CodeText | undefined {
  const t = typescript();
  if (t.isTaggedTemplateExpression(node)) {
    return isTag(code, node.tag) ? textOf(code, node.template) : undefined;
  }
  if (!t.isCallExpression(node)) return undefined;
  const name = lastName(node.expression);
  const { sqlMethods, sqlTags } = code.libraries;
  if (!sqlMethods.has(name) && !sqlTags.has(name) && !rawMethod.test(name)) return undefined;
  const [first] = node.arguments;
  return first && ofArgument(code, first);
}

/**
 * True for a template tag that takes SQL: a library's tag, a property of one such as `sql.unsafe`, or a library's
 * connection.
 */
function isTag(code: Code, tag: ts.Expression): boolean {
  const t = typescript();
  const names = [lastName(tag), ...(t.isPropertyAccessExpression(tag) ? [lastName(tag.expression)] : [])];
  if (names.some((name) => code.libraries.sqlTags.has(name) || rawMethod.test(name))) return true;
  const origin = originOf(code, tag);
  return origin !== undefined && code.libraries.of(origin.module).some(({ sql }) => sql.tags.length > 0);
}

/** The SQL of an argument: a text, `{ text: … }` for pg, or `new Cursor(…)`. */
function ofArgument(code: Code, node: ts.Expression): CodeText | undefined {
  const t = typescript();
  if (t.isNewExpression(node)) return node.arguments?.[0] && textOf(code, node.arguments[0]);
  if (!t.isObjectLiteralExpression(node)) return textOf(code, node);
  const property = node.properties.find((each) => each.name?.getText() === "text");
  return property && t.isPropertyAssignment(property) ? textOf(code, property.initializer) : undefined;
}

function lastName(node: ts.Expression): string {
  const t = typescript();
  if (t.isPropertyAccessExpression(node)) return node.name.text;
  // sql.unsafe`…`, sql.type(row)`…`
  if (t.isCallExpression(node))
    return t.isPropertyAccessExpression(node.expression) ? lastName(node.expression.expression) : "";
  return t.isIdentifier(node) ? node.text : "";
}

/**
 * Parses the query. A filled-in part counts as a value first, or as a name if only a name can stand there; then all of
 * them count as names. If PostgreSQL cannot read the text at all, its parameters are rewritten from the library's
 * style.
 */
function parse(
  text: CodeText,
  source: Source,
  styles: () => readonly PlaceholderStyle[],
): { readonly parsed: ParsedSql | undefined; readonly text: CodeText } {
  for (const read of [() => text, () => withNumbers(text, styles())]) {
    const each = read();
    if (!each) continue;
    const isName = ({ start, end }: Hole) =>
      /(\b(from|join|into|update|table|index|schema|only|as|by|set)\s+|[."\w])$/i.test(each.text.slice(0, start)) ||
      /^["\w.]/.test(each.text.slice(end));
    const attempts = each.holes.length === 0 ? [() => false] : [isName, () => true, () => false];
    for (const attempt of attempts) {
      const parsed = parseSql({ path: source.path, text: filled(each, source, attempt) });
      if (parsed.isComplete) return { parsed, text: each };
    }
  }
  return { parsed: undefined, text };
}

/** The origin of the client that a call or a tagged template passes its query to. */
export function clientOf(code: Code, node: ts.Node): Origin | undefined {
  const t = typescript();
  if (t.isTaggedTemplateExpression(node)) return originOf(code, node.tag);
  if (!t.isCallExpression(node)) return undefined;
  const { expression } = node;
  return originOf(code, t.isPropertyAccessExpression(expression) ? expression.expression : expression);
}

/** The parameter styles of a call's library; all styles if the library is unknown. */
function stylesOf(code: Code, node: ts.Node): readonly PlaceholderStyle[] {
  if (!typescript().isCallExpression(node)) return [];
  const origin = clientOf(code, node);
  const libraries = origin ? code.libraries.of(origin.module) : [];
  return libraries.length > 0 ? libraries.flatMap(({ sql }) => sql.placeholders) : placeholderStyles;
}

type Hole = CodeText["holes"][number];

function filled(code: CodeText, source: Source, isName: (hole: Hole) => boolean): string {
  const { text, holes } = code;
  return holes.reduce((sql, hole) => {
    const { start, end } = hole;
    const length = end - start;
    // A filled-in schema counts as the application's own.
    if (isName(hole) && sql[end] === "." && /\b(from|join|into|update|table|only)\s+$/i.test(sql.slice(0, start))) {
      return sql.slice(0, start) + " ".repeat(length + 1) + sql.slice(end + 1);
    }
    const filling = isName(hole) ? nameFor(hole, code, source) : "$1";
    return sql.slice(0, start) + filling.padEnd(length) + sql.slice(end);
  }, text);
}

/** A name in the place of a hole, no longer than it: the same for equal expressions, and only for them. */
function nameFor(hole: Hole, { offsets, holes }: CodeText, source: Source): string {
  const written = ({ start, end }: Hole) => source.text.slice(offsets[start], (offsets[start] ?? 0) + end - start);
  const same = holes.findIndex((each) => written(each) === written(hole));
  return `_${same.toString(36)}`.padEnd(Math.min(hole.end - hole.start, 20), "_");
}
