import type * as ts from "typescript";
import type { Finding, Rule } from "../rule";
import { isProcessOnce } from "../typescript/call-site";
import { calledName } from "../typescript/calls";
import type { Code } from "../typescript/code";
import { isWithin, type Site, type Unit, type Units } from "../typescript/function";
import { handlersOf } from "../typescript/message-consumers";
import { originOf } from "../typescript/origin";
import { typescript } from "../typescript/typescript";

export const missingIdempotency: Rule = {
  name: "missing-idempotency",
  severity: "error",
  harm: "Brokers deliver at least once: without a mark in the same transaction, a redelivered event is applied twice.",
  checkCode: (units) => {
    const unmarked = new Set(handlersOf(units).flatMap((handler) => unmarkedWrites(units, handler, new Set())));
    return [...unmarked].map((node): Finding => {
      const what =
        "This consumer writes without a mark of the event in the same transaction: a redelivery is applied twice";
      const fix = "Write inside of processOnce(), or insert into processed_events in the transaction first";
      return { what, fix, at: units.code.placeOf(node) };
    });
  },
};

/** Writes that a redelivery repeats, in a unit and in all that it calls. */
function unmarkedWrites(units: Units, unit: Unit, open: Set<Unit>): ts.Node[] {
  if (open.has(unit)) return [];
  open.add(unit);
  const sites = units.sites(unit);
  if (sites.some((site) => marks(units, site))) return [];
  return sites
    .filter(({ node }) => !isInProcessOnceCall(units, node) && !isInProcessOnce(units, sites, node))
    .flatMap(({ node, effects, calls }) => [
      ...(effects.includes("write") ? [node] : []),
      ...calls.flatMap((each) => unmarkedWrites(units, each, open)),
    ]);
}

/** The mark is SQL of the unit's own transaction, or a helper's that does nothing else. */
function marks(units: Units, { node, effects, calls }: Site, open: readonly Unit[] = []): boolean {
  if (effects.includes("mark")) return !isInProcessOnceCall(units, node) && !isOfPool(units, node);
  return calls.some((each) => {
    if (open.includes(each)) return false;
    const own = units.sites(each);
    if (own.some((site) => site.effects.includes("write"))) return false;
    return own.some((site) => marks(units, site, [...open, each]));
  });
}

function isInProcessOnceCall({ code }: Units, node: ts.Node): boolean {
  return typescript().isCallExpression(node) && isProcessOnce(code, node);
}

function isInProcessOnce(units: Units, sites: readonly Site[], node: ts.Node): boolean {
  return sites.some((each) => each.node !== node && isInProcessOnceCall(units, each.node) && isWithin(node, each.node));
}

/** What a pool runs is a transaction of its own, and so is a statement of a mapper's that names none. */
function isOfPool({ code }: Units, node: ts.Node): boolean {
  const t = typescript();
  if (isInTransaction(code, node)) return false;
  const called = t.isTaggedTemplateExpression(node) ? node.tag : (node as ts.CallExpression).expression;
  const origin = originOf(code, t.isPropertyAccessExpression(called) ? called.expression : called);
  if (!origin || origin.transaction || origin.given) return false;
  return code.libraries.has(origin.module, origin.name, ({ pools }) => pools);
}

/** `{ transaction: t }` of Sequelize, a list that `$transaction` of Prisma is given, a method that is `@Transactional()`. */
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
