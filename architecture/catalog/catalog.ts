import type { AlterTableCmd, Node } from "libpg-query";
import type { Place } from "../../common/problem";
import type { ForeignKey } from "../application";

/** Final state of the application's schema after all SQL files, as far as checks and lint need it. */
export interface Catalog {
  /** Tables by name, in order of creation. */
  readonly tables: ReadonlyMap<string, CatalogTable>;
  /** The file that first creates each table, including tables that are dropped later. */
  readonly firstFiles: ReadonlyMap<string, string>;
  /** Views by name; views in other schemas by `schema.name`. */
  readonly views: ReadonlyMap<string, CatalogView>;
  /** Every index that the files ever create, by name. */
  readonly indexes: ReadonlyMap<string, CatalogIndex>;
  /** Types and collations that the files create and that matter for the placement of tables. */
  readonly types: ReadonlyMap<string, CatalogType>;
  /** The state of the column before each command of ALTER TABLE. */
  readonly before: ReadonlyMap<AlterTableCmd, ColumnBefore>;
  /** Commands that attach a partition whose validated CHECK already proves that its rows are within the bounds. */
  readonly proven: ReadonlySet<AlterTableCmd>;
}

/** The kinds of types that the catalog tells apart. */
export type CatalogType = "range" | "enum" | "nondeterministic collation";

export interface CatalogIndex {
  readonly table: string;
  /** Columns of the index, without its expressions. */
  readonly columns: readonly string[];
  /** Expressions of the index, normalised by `sameText`. */
  readonly expressions: readonly string[];
  /** The access method: `btree`, `gin`. */
  readonly method: string;
  readonly unique: boolean;
}

export interface ColumnBefore {
  /** The column; undefined if no file creates it. */
  readonly column: Column | undefined;
  /** True if the column is NOT NULL, or a validated CHECK proves it. SET NOT NULL then does not scan the table. */
  readonly isProvenNotNull: boolean;
  /** True if a CHECK names the column. Changing its type then checks every row again. */
  readonly isChecked: boolean;
}

export interface CatalogTable {
  readonly name: string;
  /** The index of the SQL file that creates it. */
  readonly file: number;
  readonly at: Place;
  readonly columns: Map<string, Column>;
  readonly keys: Key[];
  readonly foreignKeys: CatalogForeignKey[];
  readonly checks: CatalogCheck[];
  readonly partitioning?: { readonly strategy: "range" | "list" | "hash"; readonly columns: readonly string[] };
  /** Partitions that the SQL itself declares. */
  readonly partitions: CatalogPartition[];
  /** Place of the statement that made the table unlogged. A crash empties such a table, and replicas lack its rows. */
  unlogged?: Place | undefined;
  /** True if no file creates the table. */
  readonly isStranger?: true;
  /** True for a foreign table, which represents a table on another server. */
  readonly foreign?: boolean;
}

interface CatalogPartition {
  readonly name: string;
  readonly at: Place;
  /** The partition as a table, which it becomes again when it is detached. */
  readonly table: CatalogTable;
}

export interface CatalogCheck {
  readonly name: string;
  /** The columns that the CHECK names. */
  readonly columns: readonly string[];
  /** The columns that the CHECK requires to be NOT NULL; unknown if no file adds the CHECK. */
  readonly notNull: readonly string[] | "unknown";
  /** The constants in the CHECK, as written. */
  readonly constants: readonly string[];
  readonly validated: boolean;
}

export interface Column {
  readonly name: string;
  /** The type's name in PostgreSQL's catalog, without modifiers: `uuid`, `int8`, `timestamptz`. */
  readonly type: string;
  /** The type's modifiers: 10 and 2 in `numeric(10, 2)`. */
  readonly modifiers: readonly number[];
  readonly notNull: boolean;
  /** The sequences that the column's default uses. */
  readonly draws: readonly string[];
  /** True for a generated column. */
  readonly generated: boolean;
  /** The collation in the column's definition. */
  readonly collation?: string;
  /** Kind of the sequence that belongs to the column. */
  readonly sequence?: "identity" | "serial";
  /** The index of the SQL file in which the column gets this name. */
  readonly file: number;
  readonly at: Place;
}

/** A primary key, or another constraint that forbids equal rows. */
export interface Key {
  readonly kind: "primary key" | "unique constraint" | "unique index" | "exclusion constraint";
  /** The written name, or the one that PostgreSQL chooses. */
  readonly name: string;
  /** Columns of the key, without expressions. */
  readonly columns: readonly string[];
  readonly at: Place;
}

export interface CatalogForeignKey extends ForeignKey {
  /** The index of the SQL file that adds it. */
  readonly file: number;
  /** The columns that `ON DELETE SET NULL` or `SET DEFAULT` clears. */
  readonly cleared: readonly string[];
  readonly at: Place;
}

export interface CatalogView {
  readonly name: string;
  readonly materialized: boolean;
  /** True if the view reads with the rights and policies of its reader instead of its owner. */
  readonly securityInvoker: boolean;
  /** Tables and views that it reads. */
  readonly reads: ReadonlySet<string>;
  readonly query: Node | undefined;
  /** The names that the view gives to the first columns of its query. */
  readonly columns: readonly string[];
  readonly at: Place;
}

export function primaryKey(table: CatalogTable): Key | undefined {
  return table.keys.find(({ kind }) => kind === "primary key");
}

/** True if the column is NOT NULL, by itself or as part of the primary key. */
export function isNotNull(table: CatalogTable, column: Column): boolean {
  return column.notNull || (primaryKey(table)?.columns.includes(column.name) ?? false);
}
