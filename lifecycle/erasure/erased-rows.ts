import type { Client } from "pg";
import { quoteIdentifier } from "../../common/identifier";
import { quoteTable } from "../../provider/postgres/live-tables";
import { inTransaction } from "../../provider/postgres/postgres-transaction";
import { makeChangeable } from "../warm/conversion";
import { readColumnar } from "../warm/warm-partition";
import type { ErasableTable } from "./erasable-tables";
import { addToReceipt, type ErasureScope, type PersonCondition } from "./receipt";

/** Condition with its parameters, of the rows that an erasure erases; undefined if the table has none of them. */
function erasedRows(
  table: ErasableTable,
  { tenant, person }: ErasureScope,
): { readonly sql: string; readonly values: readonly string[] } | undefined {
  const own = `${quoteIdentifier(table.tenantColumn)} = $1::${table.columns[table.tenantColumn]}`;
  if (!person) return { sql: own, values: [tenant] };
  const conditions = person.filter((each) => names(table, each));
  if (conditions.length === 0) return undefined;
  const any = conditions.map(({ column }, i) => `${quoteIdentifier(column)} = $${i + 2}::${table.columns[column]}`);
  return { sql: `${own} AND (${any.join(" OR ")})`, values: [tenant, ...conditions.map(({ value }) => value)] };
}

/** True if the condition means a column of the table. */
export function names(
  { table, columns }: { readonly table: string; readonly columns: Readonly<Record<string, unknown>> },
  condition: PersonCondition,
): boolean {
  return (condition.table === undefined || condition.table === table) && Object.hasOwn(columns, condition.column);
}

/** Fails instead of finding no row where row level security hides rows. */
const seeAll = "SET LOCAL row_security = off";

export async function countRows(client: Client, table: ErasableTable, scope: ErasureScope): Promise<number> {
  const condition = erasedRows(table, scope);
  if (!condition) return 0;
  // Rows of columns can't be deleted; the next run makes the partitions columnar again.
  for (const partition of await readColumnar(client, table)) await makeChangeable(client, partition);
  return inTransaction(
    client,
    async () => {},
    async () => {
      await client.query(seeAll);
      const { rows } = await client.query<{ rows: string }>(
        `SELECT count(*)::text AS rows FROM ${quoteTable(table)} WHERE ${condition.sql}`,
        [...condition.values],
      );
      return Number(rows[0]?.rows ?? 0);
    },
  );
}

/** Deletes the rows, and notes how many in the same transaction. */
export async function deleteRows(
  client: Client,
  receipt: string,
  table: ErasableTable,
  scope: ErasureScope,
): Promise<number> {
  const condition = erasedRows(table, scope);
  if (!condition) return 0;
  return inTransaction(
    client,
    async () => {},
    async () => {
      await client.query(seeAll);
      const { rowCount } = await client.query(`DELETE FROM ${quoteTable(table)} WHERE ${condition.sql}`, [
        ...condition.values,
      ]);
      if (rowCount) await addToReceipt(client, receipt, `${table.schema}.${table.table}`, { rows: rowCount });
      return rowCount ?? 0;
    },
  );
}
