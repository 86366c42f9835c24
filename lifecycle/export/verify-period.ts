import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { quoteIdentifier } from "../../common/identifier";
import { Problems } from "../../common/problem";
import { quoteTable, type TableName } from "../../provider/postgres/live-tables";
import { readerOf } from "../../provider/postgres/sql-statements";
import { type AgedPartition, describePeriod, type Period } from "../aged-partition";
import type { AgingTable } from "../aging-tables";
import { readColdFiles } from "../cold-catalog";
import type { RunContext } from "../run-context";
import { DuckDb } from "./duckdb";
import { canonicalText, rowHash } from "./export-column";
import { sha256OfFile } from "./export-period";
import type { ColdFile } from "./manifest";
import { differingColumns, measure, parquet } from "./parquet-files";
import { writingSettings } from "./survey";

/** A file of the store is not what the catalog says. The rows have to be exported again. */
export class FileDiffers extends Problems {}

/**
 * Reads the manifest and each file of a batch back from the store, and compares them with what PostgreSQL counted: the
 * canonical text of every value of every row, by the sum of the rows' hashes.
 */
export async function verifyPeriod(
  context: RunContext,
  table: AgingTable,
  period: Pick<AgedPartition, "manifestKey" | "manifestSha256"> & Period,
  partition: TableName,
  batch: number,
): Promise<void> {
  const { client, folder } = context;
  const read = readerOf(client);
  const files = (await readColdFiles(read, period)).filter((file) => file.batch === batch);
  const work = await mkdtemp(join(folder, "verify-"));
  const duckdb = await DuckDb.open(work);
  try {
    await verifyManifest(context, period, work);
    for (const file of files) await verifyFile(context, duckdb, { table, partition, file, work });
    await client.query("UPDATE tenantry.cold_file SET verified_at = now() WHERE key = ANY ($1)", [
      files.map(({ key }) => key),
    ]);
  } finally {
    duckdb.close();
    await rm(work, { recursive: true, force: true });
  }
}

async function verifyManifest(
  { store }: RunContext,
  { manifestKey, manifestSha256, ...period }: Pick<AgedPartition, "manifestKey" | "manifestSha256"> & Period,
  work: string,
): Promise<void> {
  if (manifestKey === undefined) throw new Error(`${describePeriod(period)} has no manifest`);
  const path = join(work, "manifest.json");
  await store.download(manifestKey, path);
  const found = await sha256OfFile(path);
  if (found !== manifestSha256) {
    const { length } = await readFile(path);
    throw differs("The manifest in the store is not the one that was written", `${store.url}/${manifestKey}`, {
      got: `SHA-256 ${found}, ${length} bytes`,
      expected: `SHA-256 ${manifestSha256}`,
    });
  }
}

interface FileToVerify {
  readonly table: AgingTable;
  readonly partition: TableName;
  readonly file: ColdFile;
  readonly work: string;
}

async function verifyFile(
  context: RunContext,
  duckdb: DuckDb,
  { table, partition, file, work }: FileToVerify,
): Promise<void> {
  const path = join(work, "file.parquet");
  const place = `${context.store.url}/${file.key}`;
  await context.store.download(file.key, path);
  const sha256 = await sha256OfFile(path);
  if (sha256 !== file.sha256) {
    throw differs("A file in the store is not the one that was written", place, {
      got: `SHA-256 ${sha256}`,
      expected: `SHA-256 ${file.sha256}`,
    });
  }
  const from = parquet(path);
  const found = await measure(duckdb, file.columns, table.by, from);
  if (found.rows === file.rows && found.checksum === file.checksum) return;
  const lost = file.rows === found.rows ? await lostColumns(context, duckdb, { table, partition, file, from }) : [];
  throw differs("A file does not hold the values of the database", place, {
    got: `${found.rows} rows${lost.length > 0 ? `; the values of ${lost.map((name) => `\`${name}\``).join(", ")} differ` : ""}`,
    expected: `${file.rows} rows with the checksum ${file.checksum}`,
  });
}

/** The columns whose values the file does not hold; none if rows were deleted since. */
async function lostColumns(
  { client }: RunContext,
  duckdb: DuckDb,
  { table, partition, file, from }: Omit<FileToVerify, "work"> & { readonly from: string },
): Promise<readonly string[]> {
  const tenant = file.columns.find(({ name }) => name === table.tenantColumn);
  const sums = file.columns.map((column, i) => `sum(${rowHash([canonicalText(column)])})::text AS c${i}`);
  await client.query("BEGIN");
  try {
    for (const setting of writingSettings) await client.query(setting);
    const { rows } = await client.query<Record<string, string>>(
      `SELECT ${sums.join(", ")} FROM ${quoteTable(partition)} WHERE ${quoteIdentifier(table.tenantColumn)} = $1::${tenant?.baseType}`,
      [file.tenant],
    );
    const expected = file.columns.map((_, i) => rows[0]?.[`c${i}`] ?? "0");
    return await differingColumns(duckdb, file.columns, from, expected);
  } catch {
    // The table has other columns by now. That the file differs is known already.
    return [];
  } finally {
    await client.query("ROLLBACK");
  }
}

function differs(
  what: string,
  place: string,
  { got, expected }: { readonly got: string; readonly expected: string },
): FileDiffers {
  return new FileDiffers([
    { what, got: `${place}: ${got}`, expected, fix: "Nothing was dropped; the next run exports the rows again" },
  ]);
}
