import type { ColumnRef, Node } from "libpg-query";
import { quoteIdentifier } from "../../common/identifier";
import { parseSql } from "../sql/sql-parser";
import { nodesOf } from "../sql/tree";
import type { ColumnUse, Expression } from "./schema-change";

const before = "SELECT ";

/** Parses an expression over one row's columns. Returns what is wrong as text if it is something else. */
export function parseExpression(text: string): Expression | string {
  const { statements, problems } = parseSql({ path: "expression", text: `${before}${text}` });
  const [statement, ...others] = statements;
  if (!statement || problems.length > 0) return problems[0]?.what ?? "there is no expression";
  const select = "SelectStmt" in statement.node ? statement.node.SelectStmt : undefined;
  const { targetList = [], op, limitOption, ...clauses } = select ?? {};
  const [target] = targetList;
  const value = target && "ResTarget" in target ? target.ResTarget : undefined;
  if (others.length > 0 || targetList.length !== 1 || !value || value.name || Object.keys(clauses).length > 0) {
    return "it is more than one expression";
  }
  if (nodesOf(value, "SubLink").length > 0) return "it has a subquery, and a row may only depend on itself";
  if (nodesOf(value, "ParamRef").length > 0) return "it has a parameter";
  const columns: ColumnUse[] = [];
  for (const { fields = [], location } of nodesOf<ColumnRef>(value, "ColumnRef")) {
    const name = fields.length === 1 ? nameOf(fields[0]) : undefined;
    const start = statement.offsetOf(location);
    const token = statement.tokens.find((each) => each.start === start);
    if (name === undefined || !token) return "it names a column with its table, or all columns: write the column alone";
    columns.push({ name, start: start - before.length, end: token.end - before.length });
  }
  return { text, columns: columns.toSorted((a, b) => a.start - b.start) };
}

function nameOf(field: Node | undefined): string | undefined {
  return field && "String" in field ? field.String.sval : undefined;
}

/** The expression in parentheses, with its columns quoted, and read from a record such as NEW if one is given. */
export function expressionSql({ text, columns }: Expression, record?: "NEW" | "OLD"): string {
  const prefix = record === undefined ? "" : `${record}.`;
  let [sql, at] = ["", 0];
  for (const { name, start, end } of columns) {
    sql += `${text.slice(at, start)}${prefix}${quoteIdentifier(name)}`;
    at = end;
  }
  return `(${sql}${text.slice(at)})`;
}
