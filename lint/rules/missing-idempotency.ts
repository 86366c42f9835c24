import type * as ts from "typescript";
import type { Finding, Rule } from "../rule";
import { isProcessOnce } from "../typescript/call-site";
import { calledName } from "../typescript/calls";
import type { Code } from "../typescript/code";
import { type CallSite, type CodeFunction, type Functions, isWithin } from "../typescript/function";
import { handlersOf } from "../typescript/message-consumers";
import { originOf } from "../typescript/origin";
import { typescript } from "../typescript/typescript";

export const missingIdempotency: Rule = {
  name: "missing-idempotency",
  severity: "error",
  harm: "Brokers deliver at least once: unless the same transaction records the event as processed, a redelivery is applied twice.",
  checkCode: (functions) => {
    const unprotected = new Set(
      handlersOf(functions).flatMap((handler) => unprotectedWrites(functions, handler, new Set())),
    );
    return [...unprotected].map((node): Finding => {
      const what =
        "This consumer writes without recording the event as processed in the same transaction: a redelivery is applied twice";
      const fix = "Write inside processOnce(), or first insert into processed_events in the same transaction";
      return { what, fix, at: functions.code.placeOf(node) };
    });
  },
};

/** The writes that a redelivery repeats, in a function and in all that it calls. */
function unprotectedWrites(functions: Functions, fn: CodeFunction, open: Set<CodeFunction>): ts.Node[] {
  if (open.has(fn)) return [];
  open.add(fn);
  const callSites = functions.callSites(fn);
  if (callSites.some((callSite) => recordsEvent(functions, callSite))) return [];
  return callSites
    .filter(({ node }) => !isInProcessOnceCall(functions, node) && !isInProcessOnce(functions, callSites, node))
    .flatMap(({ node, effects, calls }) => [
      ...(effects.includes("write") ? [node] : []),
      ...calls.flatMap((each) => unprotectedWrites(functions, each, open)),
    ]);
}

/**
 * True for a call that records the event in the function's own transaction, by SQL or by a helper that only does that.
 */
function recordsEvent(
  functions: Functions,
  { node, effects, calls }: CallSite,
  open: readonly CodeFunction[] = [],
): boolean {
  if (effects.includes("recordEvent")) return !isInProcessOnceCall(functions, node) && !isOfPool(functions, node);
  return calls.some((each) => {
    if (open.includes(each)) return false;
    const own = functions.callSites(each);
    if (own.some((callSite) => callSite.effects.includes("write"))) return false;
    return own.some((callSite) => recordsEvent(functions, callSite, [...open, each]));
  });
}

function isInProcessOnceCall({ code }: Functions, node: ts.Node): boolean {
  return typescript().isCallExpression(node) && isProcessOnce(code, node);
}

function isInProcessOnce(functions: Functions, callSites: readonly CallSite[], node: ts.Node): boolean {
  return callSites.some(
    (each) => each.node !== node && isInProcessOnceCall(functions, each.node) && isWithin(node, each.node),
  );
}

/** True for a statement in a transaction of its own: one on a pool, or one of a mapper without a transaction. */
function isOfPool({ code }: Functions, node: ts.Node): boolean {
  const t = typescript();
  if (isInTransaction(code, node)) return false;
  const called = t.isTaggedTemplateExpression(node) ? node.tag : (node as ts.CallExpression).expression;
  const origin = originOf(code, t.isPropertyAccessExpression(called) ? called.expression : called);
  if (!origin || origin.transaction || origin.given) return false;
  return code.libraries.has(origin.module, origin.name, ({ pools }) => pools);
}

/**
 * True inside `{ transaction: t }` of Sequelize, the list of Prisma's `$transaction`, or a method with
 * `@Transactional()`.
 */
function isInTransaction({ libraries }: Code, node: ts.Node): boolean {
  const t = typescript();
  return (
    /\btransaction\b/.test((t.isCallExpression(node) ? node.arguments.at(-1)?.getText() : undefined) ?? "") ||
    t.findAncestor(node, (each) => {
      if (t.isMethodDeclaration(each))
        return (t.getDecorators(each) ?? []).some((one) => /transactional/i.test(one.getText()));
      const { parent } = each;
      return (
        t.isArrayLiteralExpression(each) &&
        t.isCallExpression(parent) &&
        libraries.transactionNames.has(calledName(parent))
      );
    }) !== undefined
  );
}
