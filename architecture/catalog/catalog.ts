import type { AlterTableCmd, Node } from "libpg-query";
import type { Place } from "../../common/problem";
import type { ForeignKey } from "../application";

/** Final state of the application's schema after all SQL files, as far as checks and lint need it. */
export interface Catalog {
  /** Tables by name, in order of creation. */
  readonly tables: ReadonlyMap<string, CatalogTable>;
  /** The file that first creates each table, also of those that are dropped later. */
  readonly firstFiles: ReadonlyMap<string, string>;
  /** Views by name; views in other schemas by `schema.name`. */
  readonly views: ReadonlyMap<string, CatalogView>;
  /** Every index that the files ever create, by name. */
  readonly indexes: ReadonlyMap<string, CatalogIndex>;
  /** Types and collations that the files create, as far as they matter for the placement of tables. */
  readonly types: ReadonlyMap<string, CatalogType>;
  /** The column before a command of ALTER TABLE. */
  readonly before: ReadonlyMap<AlterTableCmd, ColumnBefore>;
  /**
   * The commands that attach a partition of which a validated CHECK says already that its rows are within the bounds.
   */
  readonly proven: ReadonlySet<AlterTableCmd>;
}

/** A type by its kind, an enumeration by those of its values that a later statement adds. */
export type CatalogType = "range" | "enum" | "nondeterministic collation";

export interface CatalogIndex {
  readonly table: string;
  /** Columns of the index, without its expressions. */
  readonly columns: readonly string[];
  /** Expressions of the index, in the form of `sameText`. */
  readonly expressions: readonly string[];
  /** `btree`, `gin`. */
  readonly method: string;
  readonly unique: boolean;
}

export interface ColumnBefore {
  /** The column; undefined if no file creates it. */
  readonly column: Column | undefined;
  /** True if the column is NOT NULL, or a validated CHECK proves it: SET NOT NULL then reads no rows. */
  readonly isProvenNotNull: boolean;
  /** True if a CHECK names the column: a new type then checks every row again. */
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
  /** Tables that the SQL itself declares as its partitions. */
  readonly partitions: CatalogPartition[];
  /** Place of the statement that made the table unlogged: a crash empties it, and no replica has its rows. */
  unlogged?: Place | undefined;
  /** True if no file creates the table. */
  readonly isStranger?: true;
  /** True for a foreign table, which stands for a table of another server. */
  readonly foreign?: boolean;
}

export interface CatalogPartition {
  readonly name: string;
  readonly at: Place;
  /** The table that it is, and again will be when it is detached. */
  readonly table: CatalogTable;
}

export interface CatalogCheck {
  readonly name: string;
  /** The columns that the CHECK names. */
  readonly columns: readonly string[];
  /** Those of which it says IS NOT NULL, whatever else it says; unknown where no file adds it. */
  readonly notNull: readonly string[] | "unknown";
  /** The constants that the CHECK compares with, as written. */
  readonly constants: readonly string[];
  readonly validated: boolean;
}

export interface Column {
  readonly name: string;
  /** As PostgreSQL's catalog calls it, without modifiers: `uuid`, `int8`, `timestamptz`. */
  readonly type: string;
  /** The numbers behind the type's name: 10 and 2 of `numeric(10, 2)`. */
  readonly modifiers: readonly number[];
  readonly notNull: boolean;
  /** The sequences that the column's default draws from. */
  readonly draws: readonly string[];
  /** True for a generated column. */
  readonly generated: boolean;
  /** The collation in the column's definition. */
  readonly collation?: string;
  /** Kind of the column's own sequence. */
  readonly sequence?: "identity" | "serial";
  /** The index of the SQL file that gives it this name. */
  readonly file: number;
  readonly at: Place;
}

/** A primary key, or another constraint that forbids equal rows. */
export interface Key {
  readonly kind: "primary key" | "unique constraint" | "unique index" | "exclusion constraint";
  /** As written, or as PostgreSQL chooses it. */
  readonly name: string;
  /** Columns of the key, without expressions. */
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
  readonly query: Node | undefined;
  /** Names for the first of its query's columns. */
  readonly columns: readonly string[];
  readonly at: Place;
}

export function primaryKey(table: CatalogTable): Key | undefined {
  return table.keys.find(({ kind }) => kind === "primary key");
}

/** NOT NULL by itself, or as part of the primary key. */
export function isNotNull(table: CatalogTable, column: Column): boolean {
  return column.notNull || (primaryKey(table)?.columns.includes(column.name) ?? false);
}
