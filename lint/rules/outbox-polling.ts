import type { FuncCall, RangeVar, SelectStmt } from "libpg-query";
import type * as ts from "typescript";
import { strings } from "../../architecture/catalog/table-definition";
import { nodesOf } from "../../architecture/sql/tree";
import type { Rule } from "../rule";
import { queriesOf } from "../sql-queries";
import type { CodeFunction, Functions } from "../typescript/function";
import { repeatedIn } from "../typescript/loops";

const polls = {
  what: "This polls the outbox: it loads the database without events, and delays events",
  fix: "Let the connector read the log: declare the aggregate under `events` in architecture.yaml",
};

export const outboxPolling: Rule = {
  name: "outbox-polling",
  severity: "error",
  harm: "Polling loads the database even without events, delays events, and loses their order under locks.",
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
  checkCode: (functions) => {
    const found = new Set(repeatedIn(functions).flatMap((fn) => readsOf(functions, fn, new Set())));
    return [...found].map((node) => ({ ...polls, at: functions.code.placeOf(node) }));
  },
};

/** The places where a function, or any that it calls, reads the outbox. */
function readsOf(functions: Functions, fn: CodeFunction, open: Set<CodeFunction>): ts.Node[] {
  if (open.has(fn)) return [];
  open.add(fn);
  return functions
    .callSites(fn)
    .flatMap(({ node, effects, calls }) => [
      ...(effects.includes("readOutbox") ? [node] : []),
      ...calls.flatMap((each) => readsOf(functions, each, open)),
    ]);
}
