import type * as ts from "typescript";
import { isWithin } from "./function";
import { typescript } from "./typescript";

/** True for two pieces of a unit of which only one can run: in branches of their own, or the one behind the other's `return`. */
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
    // What leaves a function or a loop leaves no more than that.
    if (t.isFunctionLike(around)) leaves = undefined;
    if (leaves === "loop" && (t.isIterationStatement(around, false) || t.isSwitchStatement(around))) leaves = undefined;
    leaves ??= leavesBehind(around, from);
  }
  return false;
}

/** How control leaves a list of statements behind one of them, if it always does. */
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

/** True for parts that are alternatives: of an `if`, a `?:`, a `switch`, or callbacks for success and failure. */
function areBranches(around: ts.Node, from: ts.Node, second: ts.Node): boolean {
  const t = typescript();
  if (t.isIfStatement(around)) return from === around.thenStatement && isWithin(second, around.elseStatement ?? from);
  if (t.isConditionalExpression(around)) return from === around.whenTrue;
  if (t.isCaseBlock(around)) return leavesBehind(from, from) !== undefined;
  if (!t.isCallExpression(around)) return false;
  const isGiven = (node: ts.Node) => around.arguments.some((each) => t.isFunctionLike(each) && isWithin(node, each));
  return isGiven(from) && isGiven(second);
}
