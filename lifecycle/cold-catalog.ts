import type { Client } from "pg";
import type { Reader } from "../provider/postgres/sql-statements";
import type { AgedStep, Period } from "./aged-partition";
import type { ColdFile, RecordedFile } from "./export/manifest";

const periodIs = "schema_name = $1 AND table_name = $2 AND starts_at = $3";

function periodValues({ schema, table, startsAt }: Period): readonly unknown[] {
  return [schema, table, startsAt];
}

interface FileRow extends Omit<RecordedFile, "rows" | "bytes"> {
  readonly rows: string;
  readonly bytes: string;
}

const fileColumns = `key, schema_name AS schema, table_name AS table, starts_at AS "startsAt", ends_at AS "endsAt", tenant, batch, part,
  rows::text AS rows, bytes::text AS bytes, sha256, row_checksum::text AS checksum, first_time::text AS "firstTime",
  last_time::text AS "lastTime", columns, verified_at IS NOT NULL AS verified`;

function toFiles(rows: readonly FileRow[]): readonly RecordedFile[] {
  return rows.map(({ rows, bytes, ...file }) => ({ ...file, rows: Number(rows), bytes: Number(bytes) }));
}

/** Reads the files of a period. */
export async function readColdFiles(read: Reader, period: Period): Promise<readonly RecordedFile[]> {
  return toFiles(
    await read<FileRow>(
      `SELECT ${fileColumns} FROM tenantry.cold_file WHERE ${periodIs} ORDER BY tenant, part`,
      periodValues(period),
    ),
  );
}

/** Reads the files of a tenant, in all periods. */
export async function readTenantFiles(read: Reader, tenant: string): Promise<readonly RecordedFile[]> {
  return toFiles(
    await read<FileRow>(
      `SELECT ${fileColumns} FROM tenantry.cold_file WHERE tenant = $1 ORDER BY schema_name, table_name, starts_at, part`,
      [tenant],
    ),
  );
}

/** Records a file that nobody has read back yet, in place of the one with its key. */
export async function recordFile(client: Client, file: ColdFile): Promise<void> {
  await client.query(
    `INSERT INTO tenantry.cold_file AS known (key, schema_name, table_name, tenant, starts_at, ends_at, batch, part, rows, bytes, sha256,
       row_checksum, first_time, last_time, columns)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
     ON CONFLICT (key) DO UPDATE SET batch = excluded.batch, rows = excluded.rows, bytes = excluded.bytes, sha256 = excluded.sha256,
       row_checksum = excluded.row_checksum, first_time = excluded.first_time, last_time = excluded.last_time,
       columns = excluded.columns, exported_at = now(), verified_at = NULL`,
    [
      file.key,
      file.schema,
      file.table,
      file.tenant,
      file.startsAt,
      file.endsAt,
      file.batch,
      file.part,
      file.rows,
      file.bytes,
      file.sha256,
      file.checksum,
      file.firstTime,
      file.lastTime,
      JSON.stringify(file.columns),
    ],
  );
}

export async function forgetFiles(client: Client, keys: readonly string[]): Promise<void> {
  await client.query("DELETE FROM tenantry.cold_file WHERE key = ANY ($1)", [keys]);
}

/** Records the period's manifest, and the sum of its files' rows. */
export async function recordManifest(client: Client, period: Period, key: string, sha256: string): Promise<void> {
  await client.query(
    `UPDATE tenantry.aged_partition SET manifest_key = $4, manifest_sha256 = $5, rows = (
       SELECT coalesce(sum(file.rows), 0) FROM tenantry.cold_file AS file WHERE ${periodIs.replaceAll(/(\w+) =/g, "file.$1 =")}
     ) WHERE ${periodIs}`,
    [...periodValues(period), key, sha256],
  );
}

/** Records that a step is done. */
export async function recordStep(client: Client, period: Period, step: AgedStep): Promise<void> {
  await client.query(
    `UPDATE tenantry.aged_partition SET step = $4, ${step}_at = now(), error = NULL, failed_at = NULL WHERE ${periodIs}`,
    [...periodValues(period), step],
  );
}

/** Records why a period could not go on, and the step behind which the next run begins. */
export async function recordFailure(client: Client, period: Period, error: string): Promise<void> {
  await client.query(`UPDATE tenantry.aged_partition SET error = $4, failed_at = now() WHERE ${periodIs}`, [
    ...periodValues(period),
    error,
  ]);
}

/** Tenants whose data nobody may delete. */
export async function readHolds(read: Reader): Promise<ReadonlySet<string>> {
  const rows = await read<{ tenant: string }>("SELECT tenant FROM tenantry.legal_hold");
  return new Set(rows.map(({ tenant }) => tenant));
}
