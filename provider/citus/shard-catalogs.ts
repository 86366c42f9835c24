import type { Client } from "pg";
import { type Reader, readerOf } from "../postgres/sql-statements";

/**
 * Citus' shard catalogs. Marked as `user_catalog_table`, logical decoding can read them as they were: a slot that
 * lags behind a dropped partition or a split shard then still knows the tables of its rows, even after a VACUUM.
 * Otherwise those rows are lost.
 */
const catalogs = ["pg_catalog.pg_dist_shard", "pg_catalog.pg_dist_partition"] as const;

const alter = catalogs.map((catalog) => `ALTER TABLE ${catalog} SET (user_catalog_table = true)`).join("; ");
const count =
  "SELECT count(*) FROM pg_catalog.pg_class " +
  `WHERE oid IN (${catalogs.map((catalog) => `'${catalog}'::regclass`).join(", ")}) AND 'user_catalog_table=true' = ANY (reloptions)`;

/** Statements for the preview. */
export const shardCatalogLines = ["-- with Citus, on every node:", ...alter.split("; ")] as const;

/** True if every node has them marked. Citus only. */
export async function shardCatalogsKept(read: Reader): Promise<boolean> {
  const [here] = await read<{ count: string }>(count);
  const workers = await read<{ success: boolean; result: string }>(
    "SELECT success, result FROM run_command_on_workers($1)",
    [count],
  );
  const all = String(catalogs.length);
  return here?.count === all && workers.every(({ success, result }) => success && result === all);
}

/**
 * Call it in a transaction that has touched no distributed table, because it asks the workers on their own
 * connections.
 */
export async function keepShardCatalogs(client: Client): Promise<void> {
  for (const statement of alter.split("; ")) {
    await client.query(statement);
    const failed = (
      await readerOf(client)<{ node: string; result: string }>(
        "SELECT nodename || ':' || nodeport AS node, result FROM run_command_on_workers($1) WHERE NOT success",
        [statement],
      )
    )[0];
    if (failed) throw new Error(`${failed.node} refused: ${failed.result} (${statement})`);
  }
}
