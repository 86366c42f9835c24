import type { FuncCall, RangeVar, SelectStmt } from "libpg-query";
import { strings } from "../table-definition";
import { queriesOf } from "./queries";
import type { Rule } from "./rule";
import { nodesOf } from "./tree";

export const outboxPolling: Rule = {
  name: "outbox-polling",
  severity: "error",
  harm: "Polling loads the database whether there are events or not, delays them, and loses their order under locks.",
  check: (statements) =>
    queriesOf(statements).flatMap((query) => {
      const polls = nodesOf<SelectStmt>(query.node, "SelectStmt").flatMap((select) =>
        select.lockingClause
          ? nodesOf<RangeVar>(select.fromClause, "RangeVar").filter(({ relname = "" }) => /outbox/i.test(relname))
          : [],
      );
      const jobs = nodesOf<FuncCall>(query.node, "FuncCall").filter(
        ({ funcname, args }) =>
          /^schedule/.test(strings(funcname).at(-1) ?? "") && /outbox/i.test(JSON.stringify(args ?? [])),
      );
      return [...polls, ...jobs].map(({ location }) => ({
        what: "This polls the outbox: load without events, delay with them",
        fix: "Let the connector read the log: declare the aggregate under `events` in architecture.yaml",
        at: query.placeOf(location),
      }));
    }),
};
