import type { AlterTableCmd, Node, RangeVar } from "libpg-query";
import type { Place } from "../../common/problem";
import { definitions, optionIsOn } from "../sql/definition-options";
import { relationName } from "../sql/relation-name";
import type { ParsedStatement } from "../sql/sql-parser";
import { nodesOf } from "../sql/tree";
import type { CatalogView } from "./catalog";
import { strings } from "./table-definition";

/**
 * The view that a statement creates; for CREATE TABLE AS and SELECT INTO, the table. Views in other schemas are named
 * `schema.name`.
 */
export function readView(
  node: Node,
  statement: ParsedStatement,
  schema: string,
): CatalogView | { readonly table: string; readonly at: Place } | { readonly temporary: string } | undefined {
  const { relation, query, columns, options, materialized } = parts(node);
  if (!relation) return undefined;
  const name = relationName(relation, schema);
  if (relation.relpersistence === "t") return { temporary: name };
  const at = statement.placeOf(relation.location);
  if (!("ViewStmt" in node) && !materialized) return { table: name, at };
  const invoker = options.filter(({ defname }) => defname === "security_invoker");
  return {
    name,
    materialized,
    securityInvoker: invoker.length > 0 && invoker.every(optionIsOn),
    reads: relationsIn(query, schema),
    query,
    columns: strings(columns),
    at,
  };
}

/** The value of `security_invoker` after a command of ALTER VIEW; undefined if the command does not change it. */
export function invokerAfter({ subtype, def }: AlterTableCmd): boolean | undefined {
  const options = definitions(def && "List" in def ? def.List.items : []);
  const named = options.filter(({ defname }) => defname === "security_invoker");
  if (named.length === 0) return undefined;
  return subtype === "AT_SetRelOptions" && named.every(optionIsOn);
}

function parts(node: Node) {
  if ("ViewStmt" in node) {
    const { view, query, aliases, options } = node.ViewStmt;
    return { relation: view, query, columns: aliases, options: definitions(options), materialized: false };
  }
  if ("CreateTableAsStmt" in node) {
    const { into, query, objtype } = node.CreateTableAsStmt;
    return {
      relation: into?.rel,
      query,
      columns: into?.colNames,
      options: [],
      materialized: objtype === "OBJECT_MATVIEW",
    };
  }
  if ("SelectStmt" in node) {
    return {
      relation: node.SelectStmt.intoClause?.rel,
      query: undefined,
      columns: [],
      options: [],
      materialized: false,
    };
  }
  return { relation: undefined, query: undefined, columns: [], options: [], materialized: false };
}

/** The relations that a query names, which may include names of common table expressions. */
function relationsIn(query: unknown, schema: string): Set<string> {
  return new Set(nodesOf<RangeVar>(query, "RangeVar").map((relation) => relationName(relation, schema)));
}
