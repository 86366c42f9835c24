import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { TableName } from "../../provider/postgres/live-tables";
import { inTransaction } from "../../provider/postgres/postgres-transaction";
import { readerOf } from "../../provider/postgres/sql-statements";
import type { Period } from "../aged-partition";
import type { AgingTable } from "../aging-tables";
import { forgetFiles, readColdFiles, recordFile, recordManifest } from "../cold-catalog";
import type { RunContext } from "../run-context";
import { fileKey, manifestKey, periodPrefix } from "./cold-key";
import { DuckDb } from "./duckdb";
import { readExportColumns } from "./export-column";
import { type ColdFile, manifestOf, sha256Of } from "./manifest";
import { stage, writeFiles } from "./parquet-files";

/**
 * Exports the rows of a partition: a file a tenant, then the manifest, then the catalog. Files of an earlier attempt
 * that are no longer wanted go; files of earlier batches stay.
 */
export async function exportPeriod(
  { endpoint, client, store, folder, fileBytes }: RunContext,
  table: AgingTable,
  period: Period,
  partition: TableName,
  batch: number,
): Promise<void> {
  const work = await mkdtemp(join(folder, "export-"));
  const duckdb = await DuckDb.open(work);
  try {
    const columns = await readExportColumns(readerOf(client), partition);
    await duckdb.attach(endpoint);
    const staged = await stage(duckdb, { name: partition, columns, tenantColumn: table.tenantColumn, by: table.by });
    const known = await readColdFiles(readerOf(client), period);
    const kept = known.filter((file) => file.batch !== batch);
    const firstPart = (tenant: string) =>
      1 + Math.max(-1, ...kept.filter((file) => file.tenant === tenant).map(({ part }) => part));
    const files: ColdFile[] = [];
    for await (const { path, checksum, ...file } of writeFiles(duckdb, staged, work, firstPart, fileBytes)) {
      const key = fileKey(period, table.tenantColumn, file.tenant, file.part);
      const sha256 = await sha256OfFile(path);
      await store.put(key, { path }, { sha256, contentType: "application/vnd.apache.parquet" });
      await rm(path);
      const { schema, table: name, startsAt, endsAt } = period;
      files.push({
        ...file,
        schema,
        table: name,
        startsAt,
        endsAt,
        key,
        batch,
        sha256,
        checksum,
        columns: staged.columns,
      });
    }
    const unwanted = known.filter((file) => file.batch === batch && !files.some(({ key }) => key === file.key));
    await recordFiles(client, files, unwanted);
    await writeManifest({ client, store }, table, period);
    await sweep(store, period, [...kept, ...files]);
  } finally {
    duckdb.close();
    await rm(work, { recursive: true, force: true });
  }
}

async function recordFiles(
  client: RunContext["client"],
  files: readonly ColdFile[],
  unwanted: readonly ColdFile[],
): Promise<void> {
  await inTransaction(
    client,
    async () => {},
    async () => {
      await forgetFiles(
        client,
        unwanted.map(({ key }) => key),
      );
      for (const file of files) await recordFile(client, file);
    },
  );
}

/** Writes the manifest of the files that the catalog has, and records it. */
export async function writeManifest(
  { client, store }: Pick<RunContext, "client" | "store">,
  table: AgingTable,
  period: Period,
): Promise<void> {
  const files = await readColdFiles(readerOf(client), period);
  const text = JSON.stringify(manifestOf(period, periodPrefix(period), table, files), undefined, 1);
  const key = manifestKey(period);
  await store.put(key, Buffer.from(text), { contentType: "application/json" });
  await recordManifest(client, period, key, sha256Of(text));
}

/** Deletes what an attempt that was killed has left: readers of the folder would count its rows twice. */
async function sweep(store: RunContext["store"], period: Period, wanted: readonly ColdFile[]): Promise<void> {
  const keys = new Set([manifestKey(period), ...wanted.map(({ key }) => key)]);
  const left: string[] = [];
  for await (const { key } of store.list(`${periodPrefix(period)}/`)) if (!keys.has(key)) left.push(key);
  if (left.length > 0) await store.delete(left);
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
