import { alterations, forEachStatement } from "./ddl";
import type { Rule } from "./rule";

const fixes = {
  "VACUUM FULL": "Write VACUUM, or use pg_repack",
  REINDEX: "Write REINDEX … CONCURRENTLY in a file without a transaction",
  REFRESH: "Write REFRESH MATERIALIZED VIEW CONCURRENTLY",
  CLUSTER: "Use pg_repack",
};

export const rewritingCommand: Rule = {
  name: "rewriting-command",
  severity: "error",
  harm: "CLUSTER, VACUUM FULL, REINDEX and SET ACCESS METHOD rewrite or rebuild under a lock that stops everybody.",
  check: (statements, context) => {
    const commands = forEachStatement(statements, ({ node }, at) => {
      const full =
        "VacuumStmt" in node &&
        node.VacuumStmt.options?.some((each) => "DefElem" in each && each.DefElem.defname === "full");
      const reindex =
        "ReindexStmt" in node &&
        !node.ReindexStmt.params?.some((each) => "DefElem" in each && each.DefElem.defname === "concurrently");
      const refresh = "RefreshMatViewStmt" in node && !node.RefreshMatViewStmt.concurrent;
      const name = full
        ? "VACUUM FULL"
        : reindex
          ? "REINDEX"
          : refresh
            ? "REFRESH"
            : "ClusterStmt" in node && "CLUSTER";
      if (!name) return [];
      return [{ what: `${name} stops everybody on the table until it is done`, fix: fixes[name], at }];
    });
    const methods = alterations(statements, context)
      .filter(({ command: { subtype } }) => subtype === "AT_SetAccessMethod" || subtype === "AT_SetTableSpace")
      .map(({ table, at }) => ({
        what: `\`${table}\` is rewritten under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile`,
        fix: "Create a new table and move the rows in batches",
        at,
      }));
    return [...commands, ...methods];
  },
};
