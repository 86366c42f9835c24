import type { columnRef } from "../architecture/sql/conditions";

/** Uses of tables whose grouping column a column holds; empty for other columns. */
export type Column = readonly string[];

/** The columns of a FROM item or a query, and the tables' columns behind each of them. */
export interface Source {
  readonly alias: string;
  column(name: string): Column | undefined;
  /** All columns in order, if they are known. */
  readonly names: readonly string[];
}

/** The result of a query, and the tables whose rows are in it. */
export interface Result {
  readonly columns: readonly { readonly name: string | undefined; readonly is: Column }[];
  readonly uses: readonly string[];
}

/** Scope of name resolution: the sources of this level, those of the queries around it, and the names of WITH. */
export interface Scope {
  readonly sources: Source[];
  readonly outer: Scope | undefined;
  readonly withs: Map<string, Result>;
}

/** PostgreSQL's own limit of the columns of a result. */
export const maxColumns = 1664;

export const nothing: Result = { columns: [], uses: [] };

export function sourceOf(alias: string, { columns }: Result): Source {
  return {
    alias,
    names: columns.flatMap(({ name }) => name ?? []),
    column: (name) => columns.find((each) => each.name === name)?.is,
  };
}

/** A join with an alias, which has the columns of the sources in it. */
export function joinedSource(alias: string, inside: readonly Source[]): Source {
  const column = (name: string) => inside.map((each) => each.column(name)).find((each) => each !== undefined);
  return { alias, names: [...namesIn(inside)], column };
}

export function namesIn(sources: readonly Source[]): ReadonlySet<string> {
  return new Set(sources.flatMap(({ names }) => names));
}

/** The columns of a UNION, whose names are those of its first side. */
export function stacked(first: Result, second: Result): Result["columns"] {
  return first.columns.map(({ name, is }, index) => ({
    name,
    is: [...new Set([...is, ...(second.columns[index]?.is ?? [])])],
  }));
}

/** The result with other names for its first columns. */
export function renamed(result: Result, names: readonly string[]): Result {
  return { ...result, columns: result.columns.map((each, index) => ({ ...each, name: names[index] ?? each.name })) };
}

export function findWith(name: string, scope: Scope): Result | undefined {
  for (let level: Scope | undefined = scope; level; level = level.outer) {
    const found = level.withs.get(name);
    if (found) return found;
  }
  return undefined;
}

/** The column that a reference names in the scope or around it; empty if no source has it. */
export function findColumn({ alias, column }: ReturnType<typeof columnRef>, scope: Scope): Column {
  for (let level: Scope | undefined = scope; level; level = level.outer) {
    const sources = level.sources.filter((each) => alias === undefined || each.alias === alias);
    // PostgreSQL accepts a name without an alias only if one table has the column, or if USING merged the columns.
    const found = sources.map((each) => each.column(column)).filter((each) => each !== undefined);
    const first = found.find((each) => each.length > 0) ?? found[0];
    if (first) return first;
    if (alias !== undefined && sources.length > 0) return [];
  }
  return [];
}
