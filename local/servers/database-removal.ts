import type { Client } from "pg";
import type { PostgresNode } from "../../architecture/endpoints";
import { quoteIdentifier } from "../../common/identifier";
import { type Admin, withSession } from "./sql-session";

/** Drops a database with its replication slots on every node, even if clients are connected. Ignores a missing database. */
export async function dropDatabase(admin: Admin, workers: readonly PostgresNode[], database: string): Promise<void> {
  for (const { host, port } of [admin, ...workers]) {
    await withSession({ ...admin, host, port }, "postgres", async (client) => {
      await dropSlots(client, database);
      // tenantry:allow drop-database This function exists for it; its callers ask for confirmation
      await client.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(database)} WITH (FORCE)`);
    });
  }
}

async function dropSlots(client: Client, database: string): Promise<void> {
  const ours = "from pg_catalog.pg_replication_slots where database = $1";
  for (let attempt = 0; attempt < 50; attempt++) {
    await client.query(`select pg_catalog.pg_terminate_backend(active_pid) ${ours} and active`, [database]);
    const idle = `${ours} and not active`;
    await client
      .query(`select pg_catalog.pg_drop_replication_slot(slot_name) ${idle}`, [database])
      .catch(() => undefined);
    const { rowCount } = await client.query(`select 1 ${ours}`, [database]);
    if (rowCount === 0) return;
    await client.query("select pg_catalog.pg_sleep(0.1)");
  }
}
