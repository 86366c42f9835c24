import type { Place, Problem } from "../../common/problem";
import type { Catalog, CatalogTable } from "../catalog/catalog";
import type { CompleteDescription } from "../defaults";
import type { Description } from "../description";
import type { ParsedSql } from "../sql/sql-parser";

/** Compares an application's description with its SQL. */
export type Check = (checked: Checked) => readonly Problem[];

export interface Checked {
  /** The folder's name. */
  readonly name: string;
  readonly schema: string;
  readonly description: CompleteDescription;
  /** The place of a key of architecture.yaml, or of the nearest existing part around it. */
  placeOf(...path: string[]): Place;
  readonly files: readonly ParsedSql[];
  readonly catalog: Catalog;
}

export type TableKind = "tenant" | "reference" | "local";

/** A table's kind; undefined if the description does not name it. */
export function kindOf(description: Description, table: string): TableKind | undefined {
  const own = ownEntry(description, table);
  if (own?.reference || own?.shared) return "reference";
  if (own?.local) return "local";
  return own?.tenant || table === description.tenant.table ? "tenant" : undefined;
}

/** True if a role's `writes` may name the table. */
export function isWritable(description: Description, table: string): boolean {
  return kindOf(description, table) === "tenant" || ownEntry(description, table)?.shared === true;
}

/**
 * The description's entry for a table. A table named `constructor` does not match a property of JavaScript's objects.
 */
export function ownEntry<Entry>(
  { tables }: { readonly tables: Readonly<Record<string, Entry>> },
  table: string,
): Entry | undefined {
  return Object.hasOwn(tables, table) ? tables[table] : undefined;
}

export function tablesOfKind({ catalog, description }: Checked, kind: TableKind): CatalogTable[] {
  return [...catalog.tables.values()].filter((table) => kindOf(description, table.name) === kind);
}

/** True if the table's own resource adds the foreign key, after both tables are placed. */
export function isDeferred(description: Description, table: CatalogTable, key: { readonly file: number }): boolean {
  return kindOf(description, table.name) !== "local" && key.file === table.file;
}
