import type { RangeVar } from "libpg-query";
import { anyName } from "../architecture/sql/built-text";
import { nodesOf } from "../architecture/sql/tree";
import type { FileContext } from "./rule";

/**
 * True if a relation holds tenants' rows: a tenant table, its partition, or a relation whose name is known only at run
 * time.
 */
export function holdsTenants({ tables }: FileContext, relation: RangeVar | undefined): boolean {
  const { relname = "", schemaname } = relation ?? {};
  if (relname === anyName) return true;
  if (schemaname !== undefined && schemaname !== tables.schema && schemaname !== anyName) return false;
  return isTenantsName(tables, relname);
}

function isTenantsName(tables: FileContext["tables"], name: string): boolean {
  if (tables.isTenantTable(name)) return true;
  for (const { name: parent, partitions } of tables.catalog.tables.values()) {
    if (!tables.isTenantTable(parent)) continue;
    if (partitions.some((partition) => partition.name === name) || name.startsWith(`${parent}_p2`)) return true;
  }
  return false;
}

/** The tenant tables that a query reads, at any depth. */
export function tenantTablesIn(context: FileContext, query: unknown): string[] {
  const relations = nodesOf<RangeVar>(query, "RangeVar").filter((relation) => holdsTenants(context, relation));
  return [...new Set(relations.map(({ relname = "" }) => shownName(relname)))];
}

/** A name for messages. */
export function shownName(name: string | undefined): string {
  return name === undefined || name === anyName ? "a table whose name is built" : `\`${name}\``;
}
