import type * as ts from "typescript";
import { isWithin } from "./function";
import { typescript } from "./typescript";

/**
 * True if only one of two nodes of a function can run: they are in different branches, or one comes after the other's
 * `return`.
 */
export function areExclusive(a: ts.Node, b: ts.Node): boolean {
  const [first, second] = a.pos <= b.pos ? [a, b] : [b, a];
  if (isWithin(second, first)) return false;
  const t = typescript();
  let from: ts.Node = first;
  let leaves: "function" | "loop" | undefined;
  for (let around = first.parent; around; from = around, around = around.parent) {
    if (isWithin(second, around)) {
      return leaves !== undefined ? true : areBranches(around, from, second);
    }
    // A `return` or `break` leaves only the nearest function or loop.
    if (t.isFunctionLike(around)) leaves = undefined;
    if (leaves === "loop" && (t.isIterationStatement(around, false) || t.isSwitchStatement(around))) leaves = undefined;
    leaves ??= leavesBehind(around, from);
  }
  return false;
}

/** The function or loop that a list of statements always leaves after one of them; undefined if it may go on. */
function leavesBehind(list: ts.Node, from: ts.Node): "function" | "loop" | undefined {
  const t = typescript();
  if (!t.isBlock(list) && !t.isCaseOrDefaultClause(list)) {
    return t.isReturnStatement(list) || t.isThrowStatement(list) ? "function" : undefined;
  }
  const statements: readonly ts.Node[] = list.statements;
  for (const each of statements.slice(Math.max(statements.indexOf(from), 0))) {
    if (t.isReturnStatement(each) || t.isThrowStatement(each)) return "function";
    if (t.isBreakStatement(each) || t.isContinueStatement(each)) return "loop";
  }
  return undefined;
}

/** True for two alternatives: branches of an `if`, a `?:` or a `switch`, or callbacks for success and failure. */
function areBranches(around: ts.Node, from: ts.Node, second: ts.Node): boolean {
  const t = typescript();
  if (t.isIfStatement(around)) return from === around.thenStatement && isWithin(second, around.elseStatement ?? from);
  if (t.isConditionalExpression(around)) return from === around.whenTrue;
  if (t.isCaseBlock(around)) return leavesBehind(from, from) !== undefined;
  if (!t.isCallExpression(around)) return false;
  const isGiven = (node: ts.Node) => around.arguments.some((each) => t.isFunctionLike(each) && isWithin(node, each));
  return isGiven(from) && isGiven(second);
}
