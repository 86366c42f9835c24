import { readerOf } from "../../provider/postgres/sql-statements";
import type { AgedPartition } from "../aged-partition";
import type { AgingTable } from "../aging-tables";
import { forgetFiles, readColdFiles, readHolds, recordStep } from "../cold-catalog";
import { manifestKey } from "../export/cold-key";
import { writeManifest } from "../export/export-period";
import type { RunContext } from "../run-context";

/** Deletes the files of a period past its retention, except those of tenants under legal hold. */
export async function deleteFiles(context: RunContext, table: AgingTable, period: AgedPartition): Promise<void> {
  const { client, store, log } = context;
  const read = readerOf(client);
  const [files, holds] = [await readColdFiles(read, period), await readHolds(read)];
  const keys = files.filter(({ tenant }) => !holds.has(tenant)).map(({ key }) => key);
  await store.delete(keys);
  await forgetFiles(client, keys);
  const held = files.length - keys.length;
  if (held > 0) {
    if (keys.length > 0) await writeManifest(context, table, period);
    log(`${held} file(s) stay under legal hold`);
    return;
  }
  await store.delete([manifestKey(period)]);
  await client.query(
    "UPDATE tenantry.aged_partition SET rows = 0, manifest_key = NULL, manifest_sha256 = NULL WHERE (schema_name, table_name, starts_at) = ($1, $2, $3)",
    [period.schema, period.table, period.startsAt],
  );
  await recordStep(client, period, "deleted");
}
