import type * as ts from "typescript";
import { typescript } from "./typescript";

/** One call of a chain: `where("a", 1)`. */
export interface Link {
  readonly name: string;
  readonly args: readonly ts.Expression[];
  readonly node: ts.CallExpression;
}

/** A chain of calls of a query builder: `db.selectFrom("orders").where(…).execute()`. */
export interface Chain {
  /** The object on which the chain begins: `db`. */
  readonly root: ts.Expression;
  readonly links: readonly Link[];
}

/** The chain that ends with a call; undefined for a call inside a chain. */
export function chainOf(node: ts.CallExpression): Chain | undefined {
  const t = typescript();
  if (chainEnd(node) !== node) return undefined;
  const links: Link[] = [];
  let each: ts.Expression = node;
  while (t.isCallExpression(each) && t.isPropertyAccessExpression(each.expression)) {
    links.unshift({ name: each.expression.name.text, args: [...each.arguments], node: each });
    each = each.expression.expression;
  }
  return { root: each, links };
}

/** The last call of the chain that contains a call. */
export function chainEnd(node: ts.CallExpression): ts.CallExpression {
  const t = typescript();
  const { parent } = node;
  const next = t.isPropertyAccessExpression(parent) && parent.expression === node ? parent.parent : undefined;
  return next && t.isCallExpression(next) && next.expression === parent ? chainEnd(next) : node;
}

/** True if the chain runs where it stands. Later code may extend a chain that is kept in a variable. */
export function isRun({ links }: Chain, node: ts.CallExpression): boolean {
  const t = typescript();
  const { parent } = node;
  const isKept = t.isVariableDeclaration(parent) || t.isPropertyAssignment(parent) || t.isBinaryExpression(parent);
  return !isKept || /^(execute|then|get[A-Z])/.test(links.at(-1)?.name ?? "");
}
