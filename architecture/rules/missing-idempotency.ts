import type * as ts from "typescript";
import { handlersOf } from "../code/consumers";
import { originOf } from "../code/origin";
import { isProcessOnce } from "../code/site";
import { typescript } from "../code/typescript";
import { isWithin, type Site, type Unit, type Units } from "../code/unit";
import type { Finding, Rule } from "./rule";

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
    .filter(({ node }) => !isInProcessOnce(units, sites, node))
    .flatMap(({ node, effects, calls }) => [
      ...(effects.includes("write") ? [node] : []),
      ...calls.flatMap((each) => unmarkedWrites(units, each, open)),
    ]);
}

/** The mark is SQL of the unit's own transaction, or a helper's that does nothing else. */
function marks(units: Units, { node, effects, calls }: Site): boolean {
  if (effects.includes("mark")) return !isInProcessOnceCall(units, node) && !isOfPool(units, node);
  return calls.some((each) => {
    const own = units.sites(each);
    return own.some((site) => marks(units, site)) && !own.some((site) => site.effects.includes("write"));
  });
}

function isInProcessOnceCall({ code }: Units, node: ts.Node): boolean {
  return typescript().isCallExpression(node) && isProcessOnce(code, node);
}

function isInProcessOnce(units: Units, sites: readonly Site[], node: ts.Node): boolean {
  return sites.some((each) => each.node !== node && isInProcessOnceCall(units, each.node) && isWithin(node, each.node));
}

/** A pool runs each statement on any of its connections, in a transaction of its own. */
function isOfPool({ code }: Units, node: ts.Node): boolean {
  const t = typescript();
  if (!t.isCallExpression(node) || !t.isPropertyAccessExpression(node.expression)) return false;
  const origin = originOf(code, node.expression.expression);
  return origin?.module === "pg" && origin.name === "Pool" && !origin.called && node.expression.name.text === "query";
}
