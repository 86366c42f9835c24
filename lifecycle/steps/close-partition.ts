import { quoteTable } from "../../provider/postgres/live-tables";
import { inTransaction } from "../../provider/postgres/postgres-transaction";
import { readerOf } from "../../provider/postgres/sql-statements";
import type { AgedPartition, AttachedPartition } from "../aged-partition";
import type { AgingTable } from "../aging-tables";
import { forgetFiles, readColdFiles } from "../cold-catalog";
import { manifestKey } from "../export/cold-key";
import { writeManifest } from "../export/export-period";
import type { RunContext } from "../run-context";

/** The constraint that refuses rows; `tenantry.close_partition()` gives it the same name. */
const constraint = "partition_is_closed";

/**
 * Closes a partition: it takes no more rows, and waits for the transactions that wrote to it. Rows can still be deleted.
 * A period whose rows moved before, and whose partition somebody made again for late rows, gets another batch of files.
 */
export async function closePartition(
  { client }: Pick<RunContext, "client">,
  { partition, schema, table, startsAt, endsAt }: AttachedPartition | AgedPartition,
): Promise<void> {
  await inTransaction(
    client,
    (read) =>
      read<{ closed: boolean }>(
        "SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass($1) AND conname = $2) AS closed",
        [quoteTable(partition), constraint],
      ),
    async (_, [found]) => {
      if (!found?.closed) {
        await client.query(`ALTER TABLE ${quoteTable(partition)} ADD CONSTRAINT ${constraint} CHECK (false) NOT VALID`);
      }
      await client.query(
        `INSERT INTO tenantry.aged_partition AS known (schema_name, table_name, starts_at, ends_at, partition_name, step)
         VALUES ($1, $2, $3, $4, $5, 'closed')
         ON CONFLICT (schema_name, table_name, starts_at) DO UPDATE SET
           batch = known.batch + CASE WHEN known.step IN ('dropped', 'deleted') THEN 1 ELSE 0 END,
           ends_at = excluded.ends_at, partition_name = excluded.partition_name, step = 'closed', closed_at = now(), error = NULL`,
        [schema, table, startsAt, endsAt, partition.table],
      );
    },
  );
}

/** Opens a partition again whose time to move has not come: the tier was lengthened, or a clock was ahead. Its files go. */
export async function reopenPartition(context: RunContext, table: AgingTable, period: AgedPartition): Promise<void> {
  const { client, store } = context;
  const files = await readColdFiles(readerOf(client), period);
  const keys = files.filter(({ batch }) => batch === period.batch).map(({ key }) => key);
  await client.query(`ALTER TABLE ${quoteTable(period.partition)} DROP CONSTRAINT IF EXISTS ${constraint}`);
  await store.delete(keys);
  await forgetFiles(client, keys);
  const values = [period.schema, period.table, period.startsAt];
  const thisPeriod = "(schema_name, table_name, starts_at) = ($1, $2, $3)";
  if (period.batch === 1) {
    await store.delete([manifestKey(period)]);
    await client.query(`DELETE FROM tenantry.aged_partition WHERE ${thisPeriod}`, values);
    return;
  }
  await writeManifest(context, table, period);
  await client.query(
    `UPDATE tenantry.aged_partition SET step = 'dropped', batch = batch - 1, error = NULL WHERE ${thisPeriod}`,
    values,
  );
}
