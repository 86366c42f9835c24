import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { quoteIdentifier } from "../../common/identifier";
import { quoteTable, type TableName } from "../../provider/postgres/live-tables";
import { readerOf } from "../../provider/postgres/sql-statements";
import type { AgingTable } from "../aging-tables";
import { type DuckDb, literal } from "../export/duckdb";
import { canonicalText, type ExportColumn, type FileColumn, readExportColumns, rowHash } from "../export/export-column";
import { type Measure, measure, parquet } from "../export/parquet-files";
import { writingSettings } from "../export/survey";
import { inTransaction } from "./cold-request";
import { damaged } from "./retrieval-failure";
import type { WantedFile } from "./wanted-files";

/** A file that was fetched. */
export interface FetchedFile extends WantedFile {
  readonly path: string;
}

/** A table of restored rows, and the columns by which its rows are compared with the files'. */
export interface Restored {
  readonly name: TableName;
  /** In the order of the files. */
  readonly shared: readonly ExportColumn[];
}

export async function readRestored(client: Client, name: TableName, shared: readonly string[]): Promise<Restored> {
  const columns = await readExportColumns(readerOf(client), name);
  return { name, shared: shared.flatMap((each) => columns.find((column) => column.name === each) ?? []) };
}

/** Copies the wanted rows of a file, in the caller's transaction, and returns what the file says of them. */
export async function copyRows(
  client: Client,
  duckdb: DuckDb,
  table: AgingTable,
  tenant: string,
  file: FetchedFile,
  { name, shared }: Restored,
): Promise<Measure> {
  const wanted = wantedRows(table, file);
  await requireTenant(duckdb, table, tenant, file);
  const stored = shared.flatMap((column) => file.columns.find((each) => each.name === column.name) ?? []);
  const measured = await measure(duckdb, stored, table.by, wanted);
  const csv = join(`${file.path}.csv`);
  const values = file.columns.map((column) => `${written(column)} AS ${quoteIdentifier(column.name)}`);
  await duckdb.run(
    `COPY (SELECT ${values.join(", ")} FROM ${wanted}) TO ${literal(csv)} (FORMAT csv, HEADER false, NULLSTR '', FORCE_QUOTE *)`,
  );
  const columns = file.columns.map((column) => quoteIdentifier(column.name)).join(", ");
  try {
    const copy = client.query(copyFrom(`COPY ${quoteTable(name)} (${columns}) FROM STDIN (FORMAT csv, NULL '')`));
    await pipeline(createReadStream(csv), copy);
  } finally {
    await rm(csv, { force: true });
  }
  return measured;
}

/** The rows of the file that are wanted, as a table of DuckDB. */
function wantedRows({ by }: AgingTable, { path, within }: FetchedFile): string {
  if (!within) return parquet(path);
  const time = `CAST(${quoteIdentifier(by)} AS TIMESTAMPTZ)`;
  const moment = (text: string) => `TIMESTAMPTZ ${literal(text)}`;
  return `(FROM ${parquet(path)} WHERE ${time} >= ${moment(within.from)} AND ${time} < ${moment(within.until)})`;
}

/** The text that PostgreSQL reads. */
function written({ name, stored }: FileColumn): string {
  const column = quoteIdentifier(name);
  return stored === "BLOB" ? `'\\x' || lower(hex(${column}))` : `CAST(${column} AS VARCHAR)`;
}

/** A file holds the rows of one tenant. Whatever the catalog says, rows of another are not handed out. */
async function requireTenant(duckdb: DuckDb, { tenantColumn }: AgingTable, tenant: string, file: FetchedFile) {
  const [other] = await duckdb.query<{ rows: string }>(
    `SELECT count(*)::VARCHAR AS rows FROM ${parquet(file.path)}
     WHERE ${quoteIdentifier(tenantColumn)}::VARCHAR IS DISTINCT FROM ${literal(tenant)}`,
  );
  if (other?.rows === "0") return;
  throw damaged("A file has rows of another tenant", file.key, `${other?.rows} rows`, "rows of one tenant");
}

/** Compares the restored rows with what the files said of them. @throws RetrievalFailure if one value differs */
export async function requireEqual(
  client: Client,
  restored: readonly Restored[],
  expected: { readonly rows: number; readonly checksum: string },
): Promise<void> {
  let [rows, checksum] = [0, 0n];
  for (const { name, shared } of restored) {
    const found = await inTransaction(client, async () => {
      for (const setting of writingSettings) await client.query(setting);
      return client.query<{ rows: string; checksum: string }>(
        `SELECT count(*)::text AS rows, coalesce(sum(${shared.length > 0 ? rowHash(shared.map(canonicalText)) : "0"}), 0)::text AS checksum
         FROM ${quoteTable(name)}`,
      );
    });
    rows += Number(found.rows[0]?.rows);
    checksum += BigInt(found.rows[0]?.checksum ?? 0);
  }
  if (rows === expected.rows && checksum === BigInt(expected.checksum)) return;
  throw damaged(
    "The restored rows are not those of the files",
    restored.map(({ name }) => quoteTable(name)).join(", "),
    `${rows} rows with the checksum ${checksum}`,
    `${expected.rows} rows with the checksum ${expected.checksum}`,
  );
}
