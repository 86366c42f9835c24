import type { CreateFunctionStmt } from "libpg-query";
import { strings } from "../architecture/catalog/table-definition";
import { parsePlPgSql, parseStatements } from "../architecture/sql/pg-parser";
import type { ParsedStatement } from "../architecture/sql/sql-parser";
import { nodesOf } from "../architecture/sql/tree";
import type { Place } from "../common/problem";
import { placeAt } from "../common/source";

/** A query in a file: a statement of its own, or one in a view or a function. */
export interface Query {
  readonly where: "statement" | "view" | "function";
  /** Node of the parse tree. */
  readonly node: unknown;
  placeOf(location: number | undefined): Place;
}

const kinds = ["SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"];

/** The queries of statements. A body that cannot be read has none. */
export function queriesOf(statements: readonly ParsedStatement[]): Query[] {
  return statements.flatMap((statement): Query[] => {
    const { node, placeOf } = statement;
    if ("ViewStmt" in node || "CreateTableAsStmt" in node) return [{ where: "view", node, placeOf }];
    if ("CreateFunctionStmt" in node) return ofFunction(node.CreateFunctionStmt, statement);
    if (kinds.some((kind) => kind in node)) {
      return [{ where: "statement", node, placeOf }];
    }
    return [];
  });
}

function ofFunction(create: CreateFunctionStmt, statement: ParsedStatement): Query[] {
  if (create.sql_body) return [{ where: "function", node: create.sql_body, placeOf: statement.placeOf }];
  const option = (name: string) =>
    create.options?.flatMap((each) =>
      "DefElem" in each && each.DefElem.defname === name ? [each.DefElem.arg] : [],
    )[0];
  const body = option("as");
  const text = body && "List" in body ? (strings(body.List.items)[0] ?? "") : "";
  const language = option("language");
  const name = language && "String" in language ? language.String.sval?.toLowerCase() : undefined;
  const start = Math.max(statement.source.text.indexOf(text, statement.start), statement.start);
  if (name === "sql") return parsed(text, start, statement);
  if (name !== "plpgsql") return [];
  let searched = 0;
  return expressions(statement).flatMap((query) => {
    const found = text.indexOf(query, searched);
    if (found >= 0) searched = found + 1;
    const offset = start + Math.max(found, 0);
    if (/^\s*(select|insert|update|delete|with)\b/i.test(query)) return parsed(query, offset, statement);
    // PL/pgSQL may assign a query's result: `name := …`. Blanks instead of the target keep the places.
    const value = query.replace(/^\s*[\w."]+\s*:?=/, (target) => " ".repeat(target.length));
    return /\bselect\b/i.test(value) ? parsed(`SELECT ${value}`, offset - "SELECT ".length, statement) : [];
  });
}

function expressions({ source, start, end }: ParsedStatement): string[] {
  try {
    const tree: unknown = parsePlPgSql(source.text.slice(start, end));
    return nodesOf<{ query?: string }>(tree, "PLpgSQL_expr").flatMap(({ query }) => query ?? []);
  } catch {
    return [];
  }
}

function parsed(text: string, start: number, { source }: ParsedStatement): Query[] {
  try {
    const bytes = Buffer.from(text);
    const placeOf = (location = 0) => placeAt(source, start + bytes.subarray(0, location).toString().length);
    return parseStatements(text).map(({ stmt }) => ({ where: "function", node: stmt, placeOf }));
  } catch {
    return [];
  }
}
