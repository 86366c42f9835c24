import type * as ts from "typescript";
import { type Call, calledName, chainNames } from "./calls";
import type { CodeFunction, Functions } from "./function";
import { isDecorated } from "./message-consumers";
import { originOf } from "./origin";
import { typescript } from "./typescript";

/** Code that runs again and again: bodies of endless loops, and functions that timers and cron call. */
export function repeatedIn(functions: Functions): CodeFunction[] {
  const t = typescript();
  const found: CodeFunction[] = [];
  const visit = (node: ts.Node): void => {
    if (isEndless(node)) found.push(node.statement);
    if (t.isCallExpression(node) || t.isNewExpression(node)) found.push(...scheduled(functions, node));
    if (t.isMethodDeclaration(node) && isDecorated(functions.code, node, ({ schedules }) => schedules.decorators)) {
      found.push(node);
    }
    t.forEachChild(node, visit);
  };
  for (const { tree } of functions.code.files) visit(tree);
  return [...new Set(found)];
}

/** True for `while`, `do`, `for` without a step, and `for await` over a timer. */
function isEndless(node: ts.Node): node is ts.IterationStatement {
  const t = typescript();
  if (t.isWhileStatement(node) || t.isDoStatement(node)) return true;
  if (t.isForStatement(node)) return !node.incrementor || !node.condition;
  return (
    t.isForOfStatement(node) && t.isCallExpression(node.expression) && calledName(node.expression) === "setInterval"
  );
}

function scheduled(functions: Functions, node: Call): CodeFunction[] {
  const t = typescript();
  const name = calledName(node);
  const handlers = (node.arguments ?? []).flatMap((each) => functions.handedOn(each));
  if (handlers.length === 0) return [];
  if (name === "setInterval" || isScheduler(functions, node, name)) return handlers;
  // A function may set a timer for itself.
  const around = t.findAncestor(node, t.isFunctionLike);
  const again =
    name === "setTimeout" && around && handlers.some((each) => each === around || callsBack(functions, each, around));
  return again ? [around] : [];
}

/**
 * True for a method, function or class of a scheduler, or a call chained to one: `interval(1000).subscribe(…)` of RxJS.
 */
function isScheduler({ code }: Functions, node: Call, name: string): boolean {
  const t = typescript();
  const origin = originOf(
    code,
    t.isPropertyAccessExpression(node.expression) ? node.expression.expression : node.expression,
  );
  if (!origin) return false;
  const names = [name, origin.name, ...chainNames(node)];
  return names.some((each) => code.libraries.has(origin.module, each, ({ schedules }) => schedules.methods));
}

function callsBack(functions: Functions, handler: ts.SignatureDeclaration, around: ts.SignatureDeclaration): boolean {
  return functions.callSites(handler).some(({ calls }) => calls.includes(around));
}
