import type * as ts from "typescript";
import type { Rule } from "../rule";
import type { Effect } from "../typescript/call-site";
import { areExclusive } from "../typescript/flow";
import { type CallSite, type CodeFunction, type Functions, isWithin } from "../typescript/function";
import { typescript } from "../typescript/typescript";

export const dualWrite: Rule = {
  name: "dual-write",
  severity: "error",
  harm: "A database and a broker commit separately: a crash between the two loses the event, or sends one for a change that never happened.",
  checkCode: (functions) => {
    const judged = new Map<CodeFunction, Judgement>();
    return functions.all().flatMap((fn) => {
      const { pair } = judge(functions, fn, judged);
      if (!pair) return [];
      const line = functions.code.placeOf(pair.write).line;
      return [
        {
          what: `This code writes the database (line ${line}) and sends to a broker in two commits: one may fail alone`,
          fix: "Call emit() in the transaction instead, and let the connector send: see docs/events.md",
          at: functions.code.placeOf(pair.publish),
        },
      ];
    });
  },
};

interface Judgement {
  readonly effects: ReadonlySet<Effect>;
  readonly pair?: { readonly publish: ts.Node; readonly write: ts.Node };
}

/**
 * Effects of a function and of all that it calls. A function that is reported itself does not count for its callers.
 */
function judge(functions: Functions, fn: CodeFunction, judged: Map<CodeFunction, Judgement>): Judgement {
  const known = judged.get(fn);
  if (known) return known;
  judged.set(fn, { effects: new Set() });
  const callSites = functions.callSites(fn).map(({ node, effects, calls }) => {
    const called = calls
      .map((each) => judge(functions, each, judged))
      .flatMap((each) => (each.pair ? [] : [...each.effects]));
    return { node, effects: new Set([...effects, ...called]), calls };
  });
  const pair = findPair(callSites);
  const result = { effects: new Set(callSites.flatMap(({ effects }) => [...effects])), ...(pair && { pair }) };
  judged.set(fn, result);
  return result;
}

function findPair(callSites: readonly (Omit<CallSite, "effects"> & Pick<Judgement, "effects">)[]): Judgement["pair"] {
  for (const { node: publish } of callSites.filter(({ effects }) => effects.has("publish"))) {
    const write = callSites.find(
      ({ node, effects }) =>
        (effects.has("write") || effects.has("recordEvent")) &&
        node !== publish &&
        !isRescue(publish, node) &&
        !areExclusive(publish, node),
    );
    if (write) return { publish, write: write.node };
  }
  return undefined;
}

/** True if the event is sent because the write failed, for example to a parking topic: only one of the two happens. */
function isRescue(publish: ts.Node, write: ts.Node): boolean {
  const t = typescript();
  const isRescuing = (each: ts.Node) => t.isCatchClause(each) && isWithin(write, each.parent.tryBlock);
  return t.findAncestor(publish, isRescuing) !== undefined;
}
