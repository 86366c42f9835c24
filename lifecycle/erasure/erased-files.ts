import { mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { quoteIdentifier } from "../../common/identifier";
import { Problems } from "../../common/problem";
import { tableId } from "../../provider/postgres/live-tables";
import { inTransaction } from "../../provider/postgres/postgres-transaction";
import { readerOf } from "../../provider/postgres/sql-statements";
import { readAged, samePeriod } from "../aged-partition";
import type { AgingTable } from "../aging-tables";
import { forgetFiles, readColdFiles, readTenantFiles, recordFile } from "../cold-catalog";
import { fileKey, tenantPrefix } from "../export/cold-key";
import { DuckDb, literal } from "../export/duckdb";
import { sha256OfFile, writeManifest } from "../export/export-period";
import type { ColdFile, RecordedFile } from "../export/manifest";
import { type Measure, measure, parquet } from "../export/parquet-files";
import type { RunContext } from "../run-context";
import { names } from "./erased-rows";
import { addToReceipt, type Erased, type ErasureScope } from "./receipt";

/** Counts what would leave the files: whole files of a tenant, or the rows of a person in them. */
export async function countInFiles(
  context: RunContext,
  scope: ErasureScope,
): Promise<Readonly<Record<string, Erased>>> {
  const found: Record<string, Erased> = {};
  const add = (file: ColdFile, rows: number) => {
    const place = placeOf(file);
    const { rows: before = 0, files = 0, bytes = 0 } = found[place] ?? {};
    found[place] = { rows: before + rows, files: files + 1, bytes: bytes + file.bytes };
  };
  for (const file of await readTenantFiles(readerOf(context.client), scope.tenant)) {
    if (!scope.person) add(file, file.rows);
    else {
      const rows = await withFile(
        context,
        file,
        async (duckdb, path) => (await split(duckdb, file, path, scope, file.columns[0]?.name ?? ""))?.erased.rows ?? 0,
      );
      if (rows > 0) add(file, rows);
    }
  }
  return found;
}

/**
 * Erases from the files: a tenant's files are deleted, and those with rows of a person are written anew without them and
 * read back, before the catalog knows the new one and the old one goes. Then every object of the tenant that the catalog
 * does not know goes, too: a run or an erasure that was killed may have left it.
 */
export async function eraseFromFiles(
  context: RunContext,
  tables: readonly AgingTable[],
  scope: ErasureScope,
  receipt: string,
): Promise<void> {
  const { client } = context;
  const touched: ColdFile[] = [];
  for (const file of await readTenantFiles(readerOf(client), scope.tenant)) {
    const table = tables.find((each) => tableId(each) === tableId(file));
    if (!scope.person) await forget(context, file, receipt);
    else if (!table || !(await rewrite(context, table, file, scope, receipt))) continue;
    if (!touched.some((each) => samePeriod(each, file))) touched.push(file);
  }
  for (const period of touched) {
    const table = tables.find((each) => tableId(each) === tableId(period));
    if (table) await writeManifest(context, table, period);
  }
  await sweepTenant(context, tables, scope.tenant);
}

/** Deletes the objects of a tenant that the catalog does not know. */
async function sweepTenant(
  { client, store }: RunContext,
  tables: readonly AgingTable[],
  tenant: string,
): Promise<void> {
  const known = new Set((await readTenantFiles(readerOf(client), tenant)).map(({ key }) => key));
  for (const period of await readAged(readerOf(client))) {
    const column = tables.find((each) => tableId(each) === tableId(period))?.tenantColumn;
    if (column === undefined) continue;
    const left: string[] = [];
    for await (const { key } of store.list(`${tenantPrefix(period, column, tenant)}/`))
      if (!known.has(key)) left.push(key);
    if (left.length > 0) await store.delete(left);
  }
}

async function forget({ client, store }: RunContext, file: ColdFile, receipt: string): Promise<void> {
  await store.delete([file.key]);
  await inTransaction(
    client,
    async () => {},
    async () => {
      await forgetFiles(client, [file.key]);
      await addToReceipt(client, receipt, placeOf(file), { rows: file.rows, files: 1, bytes: file.bytes });
    },
  );
}

/** Writes a file anew without a person's rows. False if it has none of them. */
async function rewrite(
  context: RunContext,
  table: AgingTable,
  file: RecordedFile,
  scope: ErasureScope,
  receipt: string,
): Promise<boolean> {
  const { client, store } = context;
  return withFile(context, file, async (duckdb, path, folder) => {
    const found = await split(duckdb, file, path, scope, table.by);
    if (!found || found.erased.rows === 0) return false;
    if (found.kept.rows === 0) {
      await forget(context, file, receipt);
      return true;
    }
    const written = join(folder, "kept.parquet");
    await duckdb.run(
      `COPY (SELECT * FROM ${parquet(path)} WHERE NOT ${found.condition}) TO ${literal(written)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    const files = await readColdFiles(readerOf(client), file);
    const part = 1 + Math.max(...files.filter(({ tenant }) => tenant === file.tenant).map((each) => each.part));
    const key = fileKey(file, table.tenantColumn, file.tenant, part);
    const next: ColdFile = {
      ...file,
      key,
      part,
      rows: found.kept.rows,
      bytes: (await stat(written)).size,
      sha256: await sha256OfFile(written),
      checksum: found.kept.checksum,
      firstTime: found.kept.firstTime,
      lastTime: found.kept.lastTime,
    };
    await store.put(key, { path: written }, { sha256: next.sha256, contentType: "application/vnd.apache.parquet" });
    await requireSame(context, duckdb, next, table.by, join(folder, "back.parquet"));
    await inTransaction(
      client,
      async () => {},
      async () => {
        await recordFile(client, next);
        await client.query("UPDATE tenantry.cold_file SET verified_at = now() WHERE key = $1", [key]);
        await forgetFiles(client, [file.key]);
        await addToReceipt(client, receipt, placeOf(file), {
          rows: found.erased.rows,
          files: 1,
          bytes: file.bytes - next.bytes,
        });
      },
    );
    await store.delete([file.key]);
    return true;
  });
}

async function requireSame(
  { store }: RunContext,
  duckdb: DuckDb,
  file: ColdFile,
  by: string,
  path: string,
): Promise<void> {
  await store.download(file.key, path);
  const found = await measure(duckdb, file.columns, by, parquet(path));
  if ((await sha256OfFile(path)) === file.sha256 && found.rows === file.rows && found.checksum === file.checksum)
    return;
  throw new Problems([
    {
      what: "A file that was written anew does not hold the rows that remain",
      got: `${store.url}/${file.key}: ${found.rows} rows`,
      expected: `${file.rows} rows with the checksum ${file.checksum}`,
      fix: "Nothing was deleted; look at the store, and run the erasure again",
    },
  ]);
}

interface Split {
  readonly condition: string;
  readonly erased: Measure;
  readonly kept: Measure;
}

/** Measures a person's rows in a file, and the others. Undefined if the file has none of the columns. */
async function split(
  duckdb: DuckDb,
  file: ColdFile,
  path: string,
  { person = [] }: ErasureScope,
  by: string,
): Promise<Split | undefined> {
  const columns = Object.fromEntries(file.columns.map((column) => [column.name, column]));
  const conditions = person.filter((each) => names({ table: file.table, columns }, each));
  if (conditions.length === 0) return undefined;
  const any = conditions.map(({ column, value }) => `${quoteIdentifier(column)}::VARCHAR = ${literal(value)}`);
  const condition = `coalesce(${any.join(" OR ")}, false)`;
  const erased = await measure(duckdb, file.columns, by, `${parquet(path)} WHERE ${condition}`);
  const kept = await measure(duckdb, file.columns, by, `${parquet(path)} WHERE NOT ${condition}`);
  return { condition, erased, kept };
}

/** Downloads a file, and requires it to be the one that the catalog has. */
async function withFile<T>(
  { store, folder }: RunContext,
  file: ColdFile,
  work: (duckdb: DuckDb, path: string, folder: string) => Promise<T>,
): Promise<T> {
  const own = await mkdtemp(join(folder, "erase-"));
  const path = join(own, "file.parquet");
  const duckdb = await DuckDb.open(own);
  try {
    await store.download(file.key, path);
    const sha256 = await sha256OfFile(path);
    if (sha256 !== file.sha256) {
      throw new Problems([
        {
          what: "A file in the store is not the one that was written",
          got: `${store.url}/${file.key}: SHA-256 ${sha256}`,
          expected: `SHA-256 ${file.sha256}`,
          fix: "Restore the object from a backup of the store, then run the erasure again",
        },
      ]);
    }
    return await work(duckdb, path, own);
  } finally {
    duckdb.close();
    await rm(own, { recursive: true, force: true });
  }
}

function placeOf(file: ColdFile): string {
  return `cold ${tableId(file)}`;
}
