import type { TableFacts } from "./rule";

/** Operators whose sides have changed places. */
export const flipped: Readonly<Record<string, string>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=" };

/** The column by which tables are grouped, and the operators that count. */
export interface Grouping {
  columnOf(table: string): string | undefined;
  /** Operators that restrict the column, on their left side, to a value. */
  readonly pins: ReadonlySet<string>;
  /** True if a cast of the column counts as the column. @default true */
  readonly throughCasts?: boolean;
  /** True if an upper bound counts when ORDER BY and LIMIT bound the rows that are read. @default false */
  readonly byLimit?: boolean;
}

/** Groups tenant tables by their tenant column; one value of it restricts a group. */
export function tenantGrouping({
  tenantColumn,
  isTenantTable,
}: Pick<TableFacts, "tenantColumn" | "isTenantTable">): Grouping {
  return { columnOf: (table) => (isTenantTable(table) ? tenantColumn : undefined), pins: new Set(["="]) };
}
