import type * as ts from "typescript";
import { quoteIdentifier } from "../../common/identifier";
import { piece } from "./built-query";
import { symbolOf } from "./calls";
import type { Code } from "./code";
import type { CodeText } from "./code-text";
import { type Table, tableOf } from "./entity";
import { textOf } from "./text";
import { typescript } from "./typescript";

/** The tables that a condition refers to. Column names without a table refer to the first. */
export interface ConditionScope {
  readonly code: Code;
  readonly tables: readonly Table[];
}

/** The column that a text or a property names: `"o.tenant_id"`, `orders.tenantId`. */
export function columnOf({ code, tables }: ConditionScope, node: ts.Expression): CodeText | undefined {
  const t = typescript();
  const [main] = tables;
  const text = textOf(code, node);
  if (text) {
    if (text.holes.length > 0 || !main) return undefined;
    const parts = text.text.replaceAll('"', "").split(".");
    const [field = "", alias] = [parts.at(-1), parts.at(-2)];
    const table = alias === undefined ? undefined : tables.find((each) => each.alias === alias || each.name === alias);
    const column = quoteIdentifier((table ?? main).columnOf(field));
    return piece(alias === undefined ? column : `${quoteIdentifier(table?.alias ?? alias)}.${column}`, node);
  }
  if (!t.isPropertyAccessExpression(node)) return undefined;
  const named = tableOf(code, node.expression);
  const isParameter = symbolOf(code, node.expression)?.declarations?.some(t.isParameter) ?? false;
  const table = named
    ? tables.find(({ name, alias }) => name === named.name && (alias === named.alias || named.alias === named.name))
    : isParameter
      ? main
      : undefined;
  if (!table && !named) return undefined;
  const { alias, columnOf: column } = table ?? (named as Table);
  return piece(`${quoteIdentifier(alias)}.${quoteIdentifier(column(node.name.text))}`, node);
}

/** The column of a property. A text on the right side is a value. */
export function columnOfProperty(scope: ConditionScope, node: ts.Expression): CodeText | undefined {
  const t = typescript();
  return t.isPropertyAccessExpression(node) && tableOf(scope.code, node.expression) ? columnOf(scope, node) : undefined;
}
