import type { DefElem, Node, RangeVar } from "libpg-query";
import type { CatalogView } from "./catalog";
import type { Place } from "./problem";
import type { ParsedStatement } from "./sql-parser";

/** The view that a statement creates; of CREATE TABLE AS, the table. Undefined for temporary and other schemas' ones. */
export function readView(
  node: Node,
  statement: ParsedStatement,
  schema: string,
): CatalogView | { table: string; at: Place } | undefined {
  const { relation, query, options, materialized } = parts(node);
  if (!relation || relation.relpersistence === "t") return undefined;
  if (relation.schemaname !== undefined && relation.schemaname !== schema) return undefined;
  const name = relation.relname ?? "";
  const at = statement.placeOf(relation.location);
  if ("CreateTableAsStmt" in node && !materialized) return { table: name, at };
  const invoker = options.filter(({ defname }) => defname === "security_invoker");
  return {
    name,
    materialized,
    securityInvoker: invoker.length > 0 && invoker.every(viewOptionIsOn),
    reads: relationsIn(query, schema),
    at,
  };
}

/** Whether a Boolean option says yes, in any of PostgreSQL's spellings. */
export function viewOptionIsOn({ arg }: DefElem): boolean {
  if (!arg) return true;
  if ("String" in arg) return ["true", "on", "yes", "1"].includes((arg.String.sval ?? "").toLowerCase());
  if ("Boolean" in arg) return arg.Boolean.boolval ?? false;
  return "Integer" in arg && arg.Integer.ival === 1;
}

function parts(node: Node) {
  if ("ViewStmt" in node) {
    const { view, query, options } = node.ViewStmt;
    return { relation: view, query, options: definitions(options), materialized: false };
  }
  if ("CreateTableAsStmt" in node) {
    const { into, query, objtype } = node.CreateTableAsStmt;
    return { relation: into?.rel, query, options: [], materialized: objtype === "OBJECT_MATVIEW" };
  }
  return { relation: undefined, query: undefined, options: [], materialized: false };
}

function definitions(nodes: readonly Node[] | undefined): DefElem[] {
  return (nodes ?? []).flatMap((node) => ("DefElem" in node ? [node.DefElem] : []));
}

/** The application's relations that a query names anywhere; a common table expression's name may be among them. */
function relationsIn(query: unknown, schema: string, found = new Set<string>()): Set<string> {
  if (typeof query !== "object" || query === null) return found;
  for (const [key, value] of Object.entries(query)) {
    if (key === "RangeVar") {
      const { relname, schemaname } = value as RangeVar;
      if (relname !== undefined && (schemaname === undefined || schemaname === schema)) found.add(relname);
    }
    relationsIn(value, schema, found);
  }
  return found;
}
