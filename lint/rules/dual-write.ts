import type * as ts from "typescript";
import type { Rule } from "../rule";
import type { Effect } from "../typescript/call-site";
import { areExclusive } from "../typescript/flow";
import { isWithin, type Site, type Unit, type Units } from "../typescript/function";
import { typescript } from "../typescript/typescript";

export const dualWrite: Rule = {
  name: "dual-write",
  severity: "error",
  harm: "A database and a broker commit apart: a crash between them loses the event, or sends one of what never happened.",
  checkCode: (units) => {
    const judged = new Map<Unit, Judgement>();
    return units.all().flatMap((unit) => {
      const { pair } = judge(units, unit, judged);
      if (!pair) return [];
      const line = units.code.placeOf(pair.write).line;
      return [
        {
          what: `The database is written (line ${line}) and a broker is sent to, in two commits: one may fail alone`,
          fix: "Call emit() in the transaction instead, and let the connector send: see docs/events.md",
          at: units.code.placeOf(pair.publish),
        },
      ];
    });
  },
};

interface Judgement {
  readonly effects: ReadonlySet<Effect>;
  readonly pair?: { readonly publish: ts.Node; readonly write: ts.Node };
}

/** What a unit does, with all that it calls. One that was found at fault counts no more for those who call it. */
function judge(units: Units, unit: Unit, judged: Map<Unit, Judgement>): Judgement {
  const known = judged.get(unit);
  if (known) return known;
  judged.set(unit, { effects: new Set() });
  const sites = units.sites(unit).map(({ node, effects, calls }) => {
    const called = calls
      .map((each) => judge(units, each, judged))
      .flatMap((each) => (each.pair ? [] : [...each.effects]));
    return { node, effects: new Set([...effects, ...called]), calls };
  });
  const pair = findPair(sites);
  const result = { effects: new Set(sites.flatMap(({ effects }) => [...effects])), ...(pair && { pair }) };
  judged.set(unit, result);
  return result;
}

function findPair(sites: readonly (Omit<Site, "effects"> & Pick<Judgement, "effects">)[]): Judgement["pair"] {
  for (const { node: publish } of sites.filter(({ effects }) => effects.has("publish"))) {
    const write = sites.find(
      ({ node, effects }) =>
        (effects.has("write") || effects.has("mark")) &&
        node !== publish &&
        !isRescue(publish, node) &&
        !areExclusive(publish, node),
    );
    if (write) return { publish, write: write.node };
  }
  return undefined;
}

/** Sending to a parking topic when the write has failed: the one happens instead of the other. */
function isRescue(publish: ts.Node, write: ts.Node): boolean {
  const t = typescript();
  const isRescuing = (each: ts.Node) => t.isCatchClause(each) && isWithin(write, each.parent.tryBlock);
  return t.findAncestor(publish, isRescuing) !== undefined;
}
