import type * as ts from "typescript";
import type { BuiltQuery } from "./built-query";
import type { Link } from "./chain";
import type { ReadQuery } from "./chain-query";
import type { Code } from "./code";
import type { CodeText } from "./code-text";
import { ofExpression } from "./condition";
import { modelOf, type Table, tableOf, tableOfProperty } from "./entity";
import type { Library } from "./library";
import { typescript } from "./typescript";

/** The query of a call of a model: `prisma.order.findMany({ where })`, `Order.update({ … }, { where })`. */
export function queryOfModel(
  code: Code,
  { name, args, node }: Link,
  { named, reads, writes }: NonNullable<Library["models"]>,
): ReadQuery | undefined {
  const path = reads[name] ?? writes[name];
  if (path === undefined) return undefined;
  const found = tableIn(code, node, args, named);
  if (!found) return undefined;
  const where = path === "none" ? [] : conditionsAt(code, path, found.args, found.table);
  const verb = name in reads ? "select" : verbOf(name, path);
  return {
    isWhole: where !== undefined,
    query: {
      verb,
      table: { value: found.table, node },
      joins: [],
      where: where ?? [],
      orWhere: [],
      locks: false,
    },
  };
}

function verbOf(name: string, path: string): BuiltQuery["verb"] {
  if (path === "none") return "insert";
  return /delete|destroy|remove/i.test(name) ? "delete" : "update";
}

/** The table, and the arguments after the one that may have named it. */
function tableIn(
  code: Code,
  node: ts.CallExpression,
  args: readonly ts.Expression[],
  named: NonNullable<Library["models"]>["named"],
): { readonly table: Table; readonly args: readonly ts.Expression[] } | undefined {
  const t = typescript();
  if (!t.isPropertyAccessExpression(node.expression)) return undefined;
  const receiver = node.expression.expression;
  const [first, ...others] = args;
  for (const each of named) {
    if (each === "argument" && first && t.isIdentifier(first)) {
      const table = tableOf(code, first);
      if (table) return { table, args: others };
    }
    const table = each === "class" ? modelOf(code, receiver) : undefined;
    if (table) return { table, args };
    if (each === "property" && t.isPropertyAccessExpression(receiver)) {
      return { table: tableOfProperty(code, receiver.name), args };
    }
  }
  return undefined;
}

/** The conditions at a path such as `0.where`: none if nothing is there, undefined if they cannot be read. */
function conditionsAt(code: Code, path: string, args: readonly ts.Expression[], table: Table): CodeText[] | undefined {
  const t = typescript();
  const [index, property] = path.split(".");
  const argument = args[Number(index)];
  if (!argument) return [];
  const scope = { code, tables: [table] };
  const wrapped = (text: CodeText | undefined) => (text ? [text] : undefined);
  if (property === undefined) return wrapped(ofExpression(scope, argument));
  if (!t.isObjectLiteralExpression(argument)) return undefined;
  if (argument.properties.some(t.isSpreadAssignment)) return undefined;
  const found = argument.properties.find((each) => each.name?.getText() === property);
  if (!found) return [];
  if (t.isPropertyAssignment(found)) return wrapped(ofExpression(scope, found.initializer));
  return undefined;
}
