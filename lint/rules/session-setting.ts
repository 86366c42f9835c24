import type { FuncCall, Node } from "libpg-query";
import { strings } from "../../architecture/catalog/table-definition";
import { anyName } from "../../architecture/sql/built-text";
import { nodesOf } from "../../architecture/sql/tree";
import { forEachMigrating } from "../ddl";
import type { Rule } from "../rule";

/** Settings that decide what the rest of a file means, or which rows it may see. */
const meaningful: Readonly<Record<string, string>> = {
  search_path: "names without a schema mean the application's schema in every file",
  role: "what follows is made by, and belongs to, another role",
  session_authorization: "what follows is made by, and belongs to, another role",
  row_security: "what follows sees other rows, or fails",
  session_replication_role: "triggers and foreign keys do not check what follows",
  event_triggers: "new partitions are not isolated",
  allow_system_table_mods: "the catalogs themselves may be changed",
  "citus.enable_ddl_propagation": "what follows reaches no other node",
  "citus.enable_metadata_sync": "what follows reaches no other node",
};

export const sessionSetting: Rule = {
  name: "session-setting",
  severity: "error",
  harm: "A change of the session changes the role of the rest of the file, the meaning of its names, or the rows that it sees.",
  refuses: true,
  aboutFiles: true,
  check: (statements, context) =>
    forEachMigrating(statements, context, ({ node }, at) => {
      const said = changeOf(node);
      return said ? [{ ...said, at }] : [];
    }),
};

function changeOf(node: Node): { readonly what: string; readonly fix: string } | undefined {
  if ("VariableSetStmt" in node) {
    const { kind, name = "" } = node.VariableSetStmt;
    if (kind === "VAR_RESET_ALL") return forgets("RESET ALL");
    return setting(`${kind === "VAR_RESET" ? "RESET" : "SET"} ${name}`, name);
  }
  if ("DiscardStmt" in node) return forgets("DISCARD");
  if ("DeallocateStmt" in node && node.DeallocateStmt.name === undefined) return forgets("DEALLOCATE ALL");
  if ("CreateFunctionStmt" in node || "CreateTrigStmt" in node) return undefined;
  for (const { funcname, args } of nodesOf<FuncCall>(node, "FuncCall")) {
    const name = strings(funcname).at(-1) ?? "";
    if (/^pg_advisory_unlock/.test(name)) {
      return { what: `${name}() may release the lock under which the toolkit works`, fix: "Remove the call" };
    }
    const [first] = args ?? [];
    if (name !== "set_config" || !first) continue;
    const written = "A_Const" in first ? (first.A_Const.sval?.sval ?? anyName) : anyName;
    const found = setting(`set_config('${written}')`, written);
    if (found) return found;
  }
  return undefined;
}

function setting(said: string, name: string) {
  const key = name.toLowerCase();
  const why = Object.hasOwn(meaningful, key) ? meaningful[key] : undefined;
  return why === undefined
    ? undefined
    : { what: `${said}: ${why}`, fix: "Remove it; other settings end with the file" };
}

function forgets(said: string) {
  const what = `${said} takes away the settings under which the toolkit runs the rest of the file`;
  return { what, fix: "RESET the one setting that is meant; what a file sets ends with it in any case" };
}
