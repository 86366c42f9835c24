import type * as ts from "typescript";
import type { Place } from "../problem";
import { placeAt, type Source } from "../source";
import { type ParsedSql, parseSql } from "../sql-parser";
import type { Code } from "./code";
import { type CodeText, textOf } from "./text";
import { typescript } from "./typescript";

/** A query that code hands to a database client. */
export interface EmbeddedSql {
  /** The call or the tagged template. */
  readonly node: ts.Node;
  /** As written, with blanks for what is filled in. */
  readonly text: string;
  /** Undefined where too much is filled in for PostgreSQL's parser. */
  readonly parsed: ParsedSql | undefined;
  /** The characters of the file, from 0, that the text is written in. */
  readonly start: number;
  readonly end: number;
  /** A place in the query's text, as the parser counts lines and columns, as one in the file. */
  inFile(place: Place): Place;
}

/** Methods of pg, pg-promise, postgres.js, slonik, Knex, Prisma, TypeORM … that take SQL. */
const methods = new Set(
  "query execute exec unsafe raw none one oneOrNone oneFirst many manyOrNone any multi result stream prepare".split(
    " ",
  ),
);
const rawMethod = /^\$(query|execute)Raw(Unsafe)?$/;
const tags = new Set(["sql", "SQL", "query", "raw"]);

/** The query that a call or a tagged template is, if it is one. */
export function embeddedSql(code: Code, node: ts.Node, source: Source): EmbeddedSql | undefined {
  const text = queryText(code, node);
  if (!text || !/^\s*(--|\/\*|\(|\w)/.test(text.text) || !startsLikeSql(text.text)) return undefined;
  return {
    node,
    text: text.text,
    parsed: parse(text, source.path),
    start: Math.min(...text.offsets),
    end: Math.max(...text.offsets),
    inFile: ({ line = 1, column = 1 }) => {
      const start = text.text.split("\n", line - 1).reduce((sum, each) => sum + each.length + 1, 0);
      const offset = text.offsets[Math.min(start + column - 1, text.offsets.length - 1)];
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
    return tags.has(lastName(node.tag)) || rawMethod.test(lastName(node.tag))
      ? (textOf(code, node.template) ?? undefined)
      : undefined;
  }
  if (!t.isCallExpression(node)) return undefined;
  const name = lastName(node.expression);
  if (!methods.has(name) && !tags.has(name) && !rawMethod.test(name)) return undefined;
  const [first] = node.arguments;
  return first && ofArgument(code, first);
}

/** A text, `{ text: … }` as pg takes it, or `new Cursor(…)`. */
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

/** What is filled in is taken for a value first, but for a name where only a name can stand; then for names alone. */
function parse(text: CodeText, path: string): ParsedSql | undefined {
  const isName = ({ start, end }: CodeText["holes"][number]) =>
    /(\b(from|join|into|update|table|index|schema|only|as|by|set)\s+|[."\w])$/i.test(text.text.slice(0, start)) ||
    /^["\w.]/.test(text.text.slice(end));
  const attempts = text.holes.length === 0 ? [() => false] : [isName, () => true, () => false];
  for (const attempt of attempts) {
    const parsed = parseSql({ path, text: filled(text, attempt) });
    if (parsed.isComplete) return parsed;
  }
  return undefined;
}

function filled({ text, holes }: CodeText, isName: (hole: CodeText["holes"][number]) => boolean): string {
  return holes.reduce((sql, hole) => {
    const { start, end } = hole;
    const length = end - start;
    // A schema that is filled in is taken for the application's own.
    if (isName(hole) && sql[end] === "." && /\b(from|join|into|update|table|only)\s+$/i.test(sql.slice(0, start))) {
      return sql.slice(0, start) + " ".repeat(length + 1) + sql.slice(end + 1);
    }
    const filling = isName(hole) ? "_".repeat(Math.min(length, 20)) : "$1";
    return sql.slice(0, start) + filling.padEnd(length) + sql.slice(end);
  }, text);
}
