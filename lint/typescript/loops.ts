import type * as ts from "typescript";
import { type Call, calledName, chainNames } from "./calls";
import type { Unit, Units } from "./function";
import { isDecorated } from "./message-consumers";
import { originOf } from "./origin";
import { typescript } from "./typescript";

/** Code that is run again and again: bodies of loops without a given number of rounds, and what timers and cron call. */
export function repeatedIn(units: Units): Unit[] {
  const t = typescript();
  const found: Unit[] = [];
  const visit = (node: ts.Node): void => {
    if (isEndless(node)) found.push(node.statement);
    if (t.isCallExpression(node) || t.isNewExpression(node)) found.push(...scheduled(units, node));
    if (t.isMethodDeclaration(node) && isDecorated(units.code, node, ({ schedules }) => schedules.decorators)) {
      found.push(node);
    }
    t.forEachChild(node, visit);
  };
  for (const { tree } of units.code.files) visit(tree);
  return [...new Set(found)];
}

/** `while`, `do`, `for` without a step, and `for await` over a timer. */
function isEndless(node: ts.Node): node is ts.IterationStatement {
  const t = typescript();
  if (t.isWhileStatement(node) || t.isDoStatement(node)) return true;
  if (t.isForStatement(node)) return !node.incrementor || !node.condition;
  return (
    t.isForOfStatement(node) && t.isCallExpression(node.expression) && calledName(node.expression) === "setInterval"
  );
}

function scheduled(units: Units, node: Call): Unit[] {
  const t = typescript();
  const name = calledName(node);
  const handlers = (node.arguments ?? []).flatMap((each) => units.handedOn(each));
  if (handlers.length === 0) return [];
  if (name === "setInterval" || isScheduler(units, node, name)) return handlers;
  // A function that sets a timer for itself.
  const around = t.findAncestor(node, t.isFunctionLike);
  const again =
    name === "setTimeout" && around && handlers.some((each) => each === around || callsBack(units, each, around));
  return again ? [around] : [];
}

/** A method, function or class of a scheduler; chained behind one, as `interval(1000).subscribe(…)` of RxJS is. */
function isScheduler({ code }: Units, node: Call, name: string): boolean {
  const t = typescript();
  const origin = originOf(
    code,
    t.isPropertyAccessExpression(node.expression) ? node.expression.expression : node.expression,
  );
  if (!origin) return false;
  const names = [name, origin.name, ...chainNames(node)];
  return names.some((each) => code.libraries.has(origin.module, each, ({ schedules }) => schedules.methods));
}

function callsBack(units: Units, handler: ts.SignatureDeclaration, around: ts.SignatureDeclaration): boolean {
  return units.sites(handler).some(({ calls }) => calls.includes(around));
}
