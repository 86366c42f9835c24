import { type CatalogForeignKey, type CatalogTable, type Key, primaryKey } from "./catalog";

/** `REFERENCES t` means t's primary key, wherever in the files that is. */
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

export function removeWhere<T>(items: T[], goes: (item: T) => boolean): void {
  replaceWith(
    items,
    items.filter((item) => !goes(item)),
  );
}

function replaceAll<T>(items: T[], next: (item: T) => T): void {
  replaceWith(items, items.map(next));
}

function replaceWith<T>(items: T[], next: readonly T[]): void {
  items.splice(0, items.length, ...next);
}
