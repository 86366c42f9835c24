import type * as ts from "typescript";
import { calledName } from "./calls";
import type { Code } from "./code";
import { textOf } from "./text";
import { typescript } from "./typescript";

/**
 * The table that a method of a schema builder creates: `schema.createTable("orders", …)`, `queryRunner.createTable(new
 * Table({ name: "orders" }))`.
 */
export function createdTable(code: Code, node: ts.Node): string | undefined {
  const t = typescript();
  if (!t.isCallExpression(node) || !code.libraries.creatingNames.has(calledName(node))) return undefined;
  const [first] = node.arguments;
  if (!first) return undefined;
  const text = textOf(code, first) ?? nameIn(code, first);
  return text && text.holes.length === 0 ? text.text.split(".").at(-1) : undefined;
}

/** The name in `new Table({ name: "orders" })` or `{ schema: "shop", tableName: "orders" }`. */
function nameIn(code: Code, node: ts.Expression) {
  const t = typescript();
  const options = t.isNewExpression(node) ? node.arguments?.[0] : node;
  if (!options || !t.isObjectLiteralExpression(options)) return undefined;
  const property = options.properties.find((each) => /^["']?(name|tableName)["']?$/.test(each.name?.getText() ?? ""));
  return property && t.isPropertyAssignment(property) ? textOf(code, property.initializer) : undefined;
}
