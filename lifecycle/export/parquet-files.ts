import { stat } from "node:fs/promises";
import { join } from "node:path";
import { quoteIdentifier } from "../../common/identifier";
import { quoteTable } from "../../provider/postgres/live-tables";
import { type DuckDb, literal } from "./duckdb";
import { canonicalTextOfFile, exportedValue, type FileColumn, rowHashOfFile, storedType } from "./export-column";
import { type ExportTable, type Survey, type SurveyRow, surveySql, toSurvey, writingSettings } from "./survey";

/** A Parquet file on this machine. */
export interface LocalFile {
  readonly path: string;
  readonly tenant: string;
  readonly part: number;
  readonly rows: number;
  readonly bytes: number;
  readonly checksum: string;
  readonly firstTime: string | null;
  readonly lastTime: string | null;
}

export interface StagedTable {
  readonly table: ExportTable;
  readonly survey: Survey;
  readonly columns: readonly FileColumn[];
}

/** Reads the table from PostgreSQL, in one snapshot with the survey, and sorts it by tenant and time. */
export function stage(duckdb: DuckDb, table: ExportTable): Promise<StagedTable> {
  return duckdb.inTransaction(async () => {
    for (const setting of writingSettings) await duckdb.runInPostgres(setting);
    const survey = toSurvey(
      table,
      await duckdb.query<SurveyRow>(`SELECT * FROM ${duckdb.fromPostgres(surveySql(table))}`),
    );
    const columns = table.columns.map((column): FileColumn => {
      const stored = survey.asText.has(column.name) ? "VARCHAR" : storedType(column);
      return { ...column, stored };
    });
    const values = table.columns.map(
      (column, i) => `${exportedValue(column, columns[i]?.stored ?? "VARCHAR")} AS ${quoteIdentifier(column.name)}`,
    );
    const read = duckdb.fromPostgres(`SELECT ${values.join(", ")} FROM ${quoteTable(table.name)}`);
    const typed = columns.map(({ name, stored }) => `${quoteIdentifier(name)}::${stored} AS ${quoteIdentifier(name)}`);
    const order = `${quoteIdentifier(table.tenantColumn)}::VARCHAR, ${quoteIdentifier(table.by)}`;
    await duckdb.run(
      `CREATE OR REPLACE TEMP TABLE staged AS SELECT ${typed.join(", ")} FROM ${read} ORDER BY ${order}`,
    );
    return { table, survey, columns };
  });
}

/** The size above which a tenant's rows are cut into several files. */
const fileBytes = 128 * 1024 * 1024;

/**
 * Writes the staged rows: one file a tenant, or several of about `limit` bytes.
 *
 * @param firstPart the number of a tenant's first file
 */
export async function* writeFiles(
  duckdb: DuckDb,
  { table, survey, columns }: StagedTable,
  folder: string,
  firstPart: (tenant: string) => number,
  limit = fileBytes,
): AsyncGenerator<LocalFile> {
  const tenantOf = `${quoteIdentifier(table.tenantColumn)}::VARCHAR`;
  const ranges = await duckdb.query<{ tenant: string; first: string; rows: string }>(
    `SELECT ${tenantOf} AS tenant, min(rowid)::VARCHAR AS first, count(*)::VARCHAR AS rows FROM staged GROUP BY 1 ORDER BY 1`,
  );
  for (const [i, { tenant, first, rows }] of ranges.entries()) {
    const share = survey.shares.find((each) => each.tenant === tenant);
    if (!share) throw new Error(`the rows of tenant ${tenant} came while they were read`);
    const whole = { path: join(folder, `${i}.parquet`), first: Number(first), rows: Number(rows) };
    const bytes = await write(duckdb, whole);
    const part = firstPart(tenant);
    if (bytes <= limit || whole.rows === 1) {
      yield { ...share, path: whole.path, part, rows: whole.rows, bytes };
      continue;
    }
    const parts = Math.min(whole.rows, Math.ceil(bytes / limit));
    for (let at = 0; at < parts; at++) {
      const [from, until] = [Math.floor((whole.rows * at) / parts), Math.floor((whole.rows * (at + 1)) / parts)];
      const piece = { path: join(folder, `${i}-${at}.parquet`), first: whole.first + from, rows: until - from };
      const { checksum, firstTime, lastTime } = await measure(
        duckdb,
        columns,
        table.by,
        `staged WHERE ${rangeOf(piece)}`,
      );
      yield {
        tenant,
        part: part + at,
        path: piece.path,
        rows: piece.rows,
        bytes: await write(duckdb, piece),
        checksum,
        firstTime,
        lastTime,
      };
    }
  }
}

interface Range {
  readonly first: number;
  readonly rows: number;
}

function rangeOf({ first, rows }: Range): string {
  return `rowid BETWEEN ${first} AND ${first + rows - 1}`;
}

async function write(duckdb: DuckDb, { path, ...range }: Range & { readonly path: string }): Promise<number> {
  await duckdb.run(
    `COPY (SELECT * FROM staged WHERE ${rangeOf(range)}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  return (await stat(path)).size;
}

export interface Measure {
  readonly rows: number;
  readonly checksum: string;
  readonly firstTime: string | null;
  readonly lastTime: string | null;
}

/** Counts and hashes rows of DuckDB as `surveySql` does in PostgreSQL. */
export async function measure(
  duckdb: DuckDb,
  columns: readonly FileColumn[],
  by: string,
  from: string,
): Promise<Measure> {
  const texts = columns.map(canonicalTextOfFile);
  const [measured] = await duckdb.query<{ rows: string; checksum: string; first: string | null; last: string | null }>(
    `SELECT count(*)::VARCHAR AS rows, coalesce(sum(${rowHashOfFile(texts)}), 0)::VARCHAR AS checksum,
       min(${quoteIdentifier(by)})::VARCHAR AS first, max(${quoteIdentifier(by)})::VARCHAR AS last FROM ${from}`,
  );
  return {
    rows: Number(measured?.rows ?? 0),
    checksum: measured?.checksum ?? "0",
    firstTime: measured?.first ?? null,
    lastTime: measured?.last ?? null,
  };
}

/** The file at a path, as a table of DuckDB. */
export function parquet(path: string): string {
  return `read_parquet(${literal(path)}, hive_partitioning = false)`;
}

/** Names of the file's columns whose values are not those that PostgreSQL has, by the sums of their hashes. */
export async function differingColumns(
  duckdb: DuckDb,
  columns: readonly FileColumn[],
  from: string,
  expected: readonly string[],
): Promise<readonly string[]> {
  const sums = columns.map((column, i) => `sum(${rowHashOfFile([canonicalTextOfFile(column)])})::VARCHAR AS c${i}`);
  const [row] = await duckdb.query<Record<string, string | null>>(`SELECT ${sums.join(", ")} FROM ${from}`);
  return columns.flatMap(({ name }, i) => (row?.[`c${i}`] === expected[i] ? [] : [name]));
}
