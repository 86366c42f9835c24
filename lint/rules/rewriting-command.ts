import type { Node } from "libpg-query";
import { isOn } from "../../architecture/sql/definition-options";
import { alterations, forEachStatement } from "../ddl";
import type { Rule } from "../rule";

const fixes = {
  "VACUUM FULL": "Write VACUUM, or use pg_repack",
  REINDEX: "Write REINDEX … CONCURRENTLY in a file without a transaction",
  REFRESH: "Write REFRESH MATERIALIZED VIEW CONCURRENTLY",
  CLUSTER: "Use pg_repack",
};
/** Commands of ALTER TABLE that always write every row into a new file. */
const rewrites: Readonly<Record<string, string>> = {
  AT_SetAccessMethod: "Create a new table and move the rows in batches",
  AT_SetTableSpace: "Create a new table and move the rows in batches",
  AT_SetUnLogged: "Leave the table logged",
  AT_SetLogged: "Create a new table and move the rows in batches",
};

export const rewritingCommand: Rule = {
  name: "rewriting-command",
  severity: "error",
  harm: "CLUSTER, VACUUM FULL, REINDEX, SET LOGGED and SET ACCESS METHOD rewrite or rebuild under a lock that stops everybody.",
  check: (statements, context) => {
    const commands = forEachStatement(statements, ({ node }, at) => {
      const name = commandOf(node);
      if (!name) return [];
      return [{ what: `${name} stops everybody on the table until it is done`, fix: fixes[name], at }];
    });
    const altered = alterations(statements, context).flatMap(({ table, command: { subtype = "" }, at }) => {
      const fix = rewrites[subtype];
      if (fix === undefined) return [];
      return [
        { what: `\`${table}\` is rewritten under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile`, fix, at },
      ];
    });
    return [...commands, ...altered];
  },
};

function commandOf(node: Node): keyof typeof fixes | undefined {
  if ("VacuumStmt" in node) return isOn(node.VacuumStmt.options, "full") ? "VACUUM FULL" : undefined;
  if ("ReindexStmt" in node) return isOn(node.ReindexStmt.params, "concurrently") ? undefined : "REINDEX";
  if ("RefreshMatViewStmt" in node) return node.RefreshMatViewStmt.concurrent ? undefined : "REFRESH";
  return "ClusterStmt" in node ? "CLUSTER" : undefined;
}
