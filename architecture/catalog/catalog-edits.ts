import type { DropBehavior } from "libpg-query";
import { type Catalog, type CatalogForeignKey, type CatalogTable, type Key, primaryKey } from "./catalog";

/** Fills in the primary key of `t` for `REFERENCES t`, in whichever file the key is defined. */
export function withPrimaryKeys(tables: ReadonlyMap<string, CatalogTable>): ReadonlyMap<string, CatalogTable> {
  for (const table of tables.values()) {
    replaceAll(table.foreignKeys, (key): CatalogForeignKey => {
      const target = tables.get(key.references.table);
      if (key.references.columns.length > 0 || !target) return key;
      return { ...key, references: { ...key.references, columns: primaryKey(target)?.columns ?? [] } };
    });
  }
  return tables;
}

/** Renames a column of a table, in its keys and in every foreign key from and to it. */
export function renameColumn(
  tables: ReadonlyMap<string, CatalogTable>,
  table: CatalogTable,
  { from, to, file }: { readonly from: string; readonly to: string; readonly file: number },
): void {
  const renamed = (columns: readonly string[]) => columns.map((each) => (each === from ? to : each));
  const columns = [...table.columns.values()];
  table.columns.clear();
  for (const column of columns) {
    const now = column.name === from ? { ...column, name: to, file } : column;
    table.columns.set(now.name, now);
  }
  replaceAll(table.keys, (key): Key => ({ ...key, columns: renamed(key.columns) }));
  replaceAll(table.checks, (check) => ({
    ...check,
    columns: renamed(check.columns),
    notNull: check.notNull === "unknown" ? check.notNull : renamed(check.notNull),
  }));
  for (const each of tables.values()) {
    replaceAll(each.foreignKeys, (key): CatalogForeignKey => {
      const { references } = key;
      return {
        ...key,
        columns: each === table ? renamed(key.columns) : key.columns,
        references:
          references.table === table.name ? { ...references, columns: renamed(references.columns) } : references,
      };
    });
  }
}

/** Drops keys of a table; CASCADE drops the foreign keys that refer to one of them with it. */
export function dropKeys(
  tables: ReadonlyMap<string, CatalogTable>,
  table: CatalogTable,
  goes: (key: Key) => boolean,
  behavior: DropBehavior | undefined,
): void {
  const gone = table.keys.filter(goes);
  removeWhere(table.keys, goes);
  if (behavior !== "DROP_CASCADE") return;
  for (const each of tables.values()) {
    removeWhere(
      each.foreignKeys,
      ({ references }) => references.table === table.name && gone.some((key) => isReferredTo(key, references.columns)),
    );
  }
}

/** Drops a table, a partition, or a view. CASCADE also drops the foreign keys to it. */
export function dropTable(
  { tables, views }: { readonly tables: Map<string, CatalogTable>; readonly views: Map<string, unknown> },
  name: string,
  behavior?: DropBehavior,
): void {
  tables.delete(name);
  views.delete(name);
  for (const table of tables.values()) {
    removeWhere(table.partitions, (each) => each.name === name);
    if (behavior === "DROP_CASCADE") removeWhere(table.foreignKeys, (key) => key.references.table === name);
  }
}

/** True if a foreign key to these columns uses the key. Without columns, it refers to the primary key. */
function isReferredTo(key: Key, columns: readonly string[]): boolean {
  if (columns.length === 0) return key.kind === "primary key";
  return key.columns.toSorted().join() === columns.toSorted().join();
}

export function removeWhere<T>(items: T[], goes: (item: T) => boolean): void {
  replaceWith(
    items,
    items.filter((item) => !goes(item)),
  );
}

export function replaceAll<T>(items: T[], next: (item: T) => T): void {
  replaceWith(items, items.map(next));
}

function replaceWith<T>(items: T[], next: readonly T[]): void {
  items.splice(0, items.length, ...next);
}

/** The catalog without any files. */
export const emptyCatalog: Catalog = {
  tables: new Map(),
  firstFiles: new Map(),
  views: new Map(),
  indexes: new Map(),
  types: new Map(),
  before: new Map(),
  proven: new Set(),
};
