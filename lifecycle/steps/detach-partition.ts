import type { Client } from "pg";
import { quoteTable, type TableName } from "../../provider/postgres/live-tables";
import { errorCode } from "../../provider/postgres/postgres-connection";

/** A default partition and Citus refuse CONCURRENTLY; Citus has no code of its own for that. */
function isRefusal(error: unknown): boolean {
  const code = errorCode(error) ?? "";
  return ["0A000", "55000"].includes(code) || (code === "XX000" && /CONCURRENTLY.* unsupported/.test(String(error)));
}

/**
 * Detaches a partition, so that its table's queries no longer see its rows. Without a lock on the table where the server
 * can; else the lock is short, and waits for 5 seconds at most. Finishes what was interrupted.
 */
export async function detachPartition(client: Client, parent: TableName, partition: TableName): Promise<void> {
  const state = await attachment(client, partition);
  if (state === undefined) return;
  const detach = `ALTER TABLE ${quoteTable(parent)} DETACH PARTITION ${quoteTable(partition)}`;
  if (state === "pending") {
    await client.query(`${detach} FINALIZE`);
    return;
  }
  try {
    await client.query(`${detach} CONCURRENTLY`);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await client.query(detach);
  }
}

/** Undefined if the partition is not attached, or there is none. */
async function attachment(client: Client, partition: TableName): Promise<"attached" | "pending" | undefined> {
  const { rows } = await client.query<{ pending: boolean }>(
    "SELECT inhdetachpending AS pending FROM pg_inherits WHERE inhrelid = to_regclass($1)",
    [quoteTable(partition)],
  );
  const [found] = rows;
  return found && (found.pending ? "pending" : "attached");
}

export async function exists(client: Client, table: TableName): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>("SELECT to_regclass($1) IS NOT NULL AS there", [
    quoteTable(table),
  ]);
  return rows[0]?.there === true;
}
