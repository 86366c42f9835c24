/** A table that a query reads, by name or through a view. */
export interface TableUse {
  readonly name: string;
  readonly via?: string;
  /** Location in the query; for a table in a view, that of the view. */
  readonly location: number | undefined;
}

/** The tables whose rows a query combines. */
export interface TableGroups {
  /** Tables restricted by a value from outside the query. */
  readonly pinned: readonly TableUse[];
  /** The other tables, grouped by equality of their columns. */
  readonly loose: readonly (readonly TableUse[])[];
}

/** The table's name for messages. */
export function shownUse({ name, via }: TableUse): string {
  return via === undefined ? `\`${name}\`` : `\`${name}\` (in view \`${via}\`)`;
}

/** Stands for the values from outside the query, among the uses that a column is equal to. */
const outside = "";

/** The tables that a query reads, and the equalities between their columns. A use is the key of one table. */
export class CombinedTables {
  private readonly tables = new Map<string, TableUse>();
  private readonly parents = new Map<string, string>();

  get uses(): Iterable<string> {
    return this.tables.keys();
  }

  /** The key of a table that the query is about to read. */
  nextUse(name: string): string {
    return `${this.tables.size} ${name}`;
  }

  add(use: string, table: TableUse): void {
    this.tables.set(use, table);
  }

  /** The uses' columns are equal. */
  equate([first, ...others]: readonly string[]): void {
    for (const each of others) if (first !== undefined) this.unite(each, first);
  }

  /** The uses' columns are restricted by a value from outside the query. */
  pin(uses: readonly string[]): void {
    this.equate([outside, ...uses]);
  }

  groups(uses: readonly string[]): TableGroups {
    const groups = new Map<string, TableUse[]>();
    for (const use of new Set(uses)) {
      const table = this.tables.get(use);
      const group = this.find(use);
      if (table) groups.set(group, [...(groups.get(group) ?? []), table]);
    }
    const pinned = groups.get(this.find(outside)) ?? [];
    return { pinned, loose: [...groups.values()].filter((group) => group !== pinned) };
  }

  private unite(a: string, b: string): void {
    const [from, to] = [this.find(a), this.find(b)];
    if (from !== to) this.parents.set(from, to);
  }

  private find(use: string): string {
    const up = this.parents.get(use);
    return up === undefined || up === use ? use : this.find(up);
  }
}
