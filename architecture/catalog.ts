import type { ForeignKey } from "./application";
import type { Place } from "./problem";

/** What the SQL files leave behind in the application's schema, as far as it is held against the description. */
export interface Catalog {
  /** By name, in the order of creation. */
  readonly tables: ReadonlyMap<string, CatalogTable>;
  readonly views: ReadonlyMap<string, CatalogView>;
}

export interface CatalogTable {
  readonly name: string;
  /** The index of the SQL file that creates it. */
  readonly file: number;
  readonly at: Place;
  readonly columns: Map<string, Column>;
  readonly keys: Key[];
  readonly foreignKeys: CatalogForeignKey[];
  readonly partitioning?: { readonly strategy: "range" | "list" | "hash"; readonly columns: readonly string[] };
  /** Tables that the SQL itself declares as its partitions. */
  readonly partitions: { readonly name: string; readonly at: Place }[];
}

export interface Column {
  readonly name: string;
  /** As PostgreSQL's catalog calls it, without modifiers: `uuid`, `int8`, `timestamptz`. */
  readonly type: string;
  readonly notNull: boolean;
  /** Numbers given by a sequence. */
  readonly sequence?: "identity" | "serial";
  /** The index of the SQL file that gives it this name. */
  readonly file: number;
  readonly at: Place;
}

/** A primary key, or anything else that holds rows apart. */
export interface Key {
  readonly kind: "primary key" | "unique constraint" | "unique index" | "exclusion constraint";
  readonly name?: string;
  /** Expressions are left out. */
  readonly columns: readonly string[];
  readonly at: Place;
}

export interface CatalogForeignKey extends ForeignKey {
  /** The index of the SQL file that adds it. */
  readonly file: number;
  /** What `ON DELETE` does to these columns of the key, if it is SET NULL or SET DEFAULT. */
  readonly cleared: readonly string[];
  readonly at: Place;
}

export interface CatalogView {
  readonly name: string;
  readonly materialized: boolean;
  /** Whether the view's reader needs the rights, and meets the policies, instead of its owner. */
  readonly securityInvoker: boolean;
  /** Tables and views that it reads. */
  readonly reads: ReadonlySet<string>;
  readonly at: Place;
}

export function primaryKey(table: CatalogTable): Key | undefined {
  return table.keys.find(({ kind }) => kind === "primary key");
}

/** NOT NULL by itself, or as part of the primary key. */
export function isNotNull(table: CatalogTable, column: Column): boolean {
  return column.notNull || (primaryKey(table)?.columns.includes(column.name) ?? false);
}
