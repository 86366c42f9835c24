import type { FuncCall, RangeVar, SelectStmt } from "libpg-query";
import type * as ts from "typescript";
import { strings } from "../../architecture/catalog/table-definition";
import { nodesOf } from "../../architecture/sql/tree";
import { queriesOf } from "../queries";
import type { Rule } from "../rule";
import type { Unit, Units } from "../typescript/function";
import { repeatedIn } from "../typescript/loops";

const polls = {
  what: "This polls the outbox: load without events, delay with them",
  fix: "Let the connector read the log: declare the aggregate under `events` in architecture.yaml",
};

export const outboxPolling: Rule = {
  name: "outbox-polling",
  severity: "error",
  harm: "Polling loads the database whether there are events or not, delays them, and loses their order under locks.",
  check: (statements) =>
    queriesOf(statements).flatMap((query) => {
      const locking = nodesOf<SelectStmt>(query.node, "SelectStmt").flatMap((select) =>
        select.lockingClause
          ? nodesOf<RangeVar>(select.fromClause, "RangeVar").filter(({ relname = "" }) => /outbox/i.test(relname))
          : [],
      );
      const jobs = nodesOf<FuncCall>(query.node, "FuncCall").filter(
        ({ funcname, args }) =>
          /^schedule/.test(strings(funcname).at(-1) ?? "") && /outbox/i.test(JSON.stringify(args ?? [])),
      );
      return [...locking, ...jobs].map(({ location }) => ({ ...polls, at: query.placeOf(location) }));
    }),
  checkConnector: ({ config, placeOf }) =>
    /jdbc/i.test(config["connector.class"] ?? "") && /source/i.test(config["connector.class"] ?? "")
      ? [{ ...polls, at: placeOf("connector.class") }]
      : [],
  checkCode: (units) => {
    const found = new Set(repeatedIn(units).flatMap((unit) => readsOf(units, unit, new Set())));
    return [...found].map((node) => ({ ...polls, at: units.code.placeOf(node) }));
  },
};

/** Where a unit, with all that it calls, reads the outbox. */
function readsOf(units: Units, unit: Unit, open: Set<Unit>): ts.Node[] {
  if (open.has(unit)) return [];
  open.add(unit);
  return units
    .sites(unit)
    .flatMap(({ node, effects, calls }) => [
      ...(effects.includes("readOutbox") ? [node] : []),
      ...calls.flatMap((each) => readsOf(units, each, open)),
    ]);
}
