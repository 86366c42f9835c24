import type { Client } from "pg";
import { maxIdentifierBytes, quoteIdentifier } from "../../common/identifier";
import { Problems } from "../../common/problem";
import { planGrants, readGrants } from "../../provider/postgres/live-grants";
import { findTable, quoteTable, type TableName, tableId } from "../../provider/postgres/live-tables";
import { openTable, planRowSecurity } from "../../provider/postgres/row-security";
import { readerOf, runStatement } from "../../provider/postgres/sql-statements";
import { type ColdRequest, inTransaction, type RequestPlace } from "./cold-request";
import type { LiveColumn, RestoredColumn } from "./restored-shape";

/** The table whose rows were cold, as it is today. */
export interface SourceTable {
  readonly columns: readonly LiveColumn[];
  readonly isDistributed: boolean;
  /** Roles that may read it, and so what is restored of it. */
  readonly readers: readonly string[];
}

/** Reads the table. @throws Problems if it is gone: nobody could say who may read its rows */
export async function readSource(client: Client, table: TableName): Promise<SourceTable> {
  const read = readerOf(client);
  if (!(await findTable(read, table))) {
    throw new Problems([
      {
        what: `The table ${tableId(table)} is gone, so nobody knows which roles may read its rows`,
        fix: "create it again, or read the files with another program",
      },
    ]);
  }
  const columns = await read<LiveColumn>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type,
       CASE WHEN attgenerated = '' THEN pg_get_expr(adbin, adrelid) END AS default
     FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [quoteTable(table)],
  );
  const [citus] = await read<{ installed: boolean }>(
    "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS installed",
  );
  const [placed] = citus?.installed
    ? await read<{ distributed: boolean }>(
        "SELECT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = to_regclass($1) AND partmethod = 'h') AS distributed",
        [quoteTable(table)],
      )
    : [];
  const { onTable } = await readGrants(read, table);
  const readers = Object.entries(onTable)
    .filter(([role, held]) => role !== "PUBLIC" && held.includes("SELECT"))
    .map(([role]) => role);
  return { columns, isDistributed: placed?.distributed ?? false, readers };
}

/** The table of a request's result: `cold_orders_1f2e3d4c5b6a`, and `…_2` for the second. */
export function restoredName({ schema }: RequestPlace, { id, table, form }: ColdRequest, index: number): TableName {
  const suffix = `${form === "files" ? "_files" : ""}${suffixOf(id)}${index === 0 ? "" : `_${index + 1}`}`;
  let stem = `cold_${table}`;
  while (Buffer.byteLength(stem + suffix) > maxIdentifierBytes) stem = stem.slice(0, -1);
  return { schema, table: stem + suffix };
}

function suffixOf(id: string): string {
  return `_${id.replaceAll("-", "").slice(0, 12)}`;
}

/** Makes a table that nobody but its owner may read yet, placed with the tenant's other rows. */
export async function makeTable(
  client: Client,
  place: RequestPlace,
  source: TableName & Pick<SourceTable, "isDistributed">,
  name: TableName,
  columns: readonly RestoredColumn[],
): Promise<void> {
  const types = await knownTypes(client, columns);
  const lines = columns.map((column, i) =>
    [
      quoteIdentifier(column.name),
      types[i],
      ...(column.name === place.column ? ["NOT NULL"] : []),
      ...(column.default === null ? [] : [`DEFAULT ${column.default}`]),
    ].join(" "),
  );
  await runStatement(client, { sql: `CREATE TABLE ${quoteTable(name)} (${lines.join(", ")})` });
  await runStatement(client, { sql: `REVOKE ALL ON ${quoteTable(name)} FROM PUBLIC` });
  if (!source.isDistributed) return;
  await runStatement(client, {
    sql: "SELECT create_distributed_table($1::regclass, $2, colocate_with => $3)",
    values: [quoteTable(name), place.column, quoteTable({ schema: source.schema, table: source.table })],
  });
}

/** A type that was dropped since the export becomes text, in which the file has its values. */
async function knownTypes(client: Client, columns: readonly RestoredColumn[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ type: string }>(
    `SELECT CASE WHEN to_regtype(regexp_replace(type, '\\(.*\\)', '')) IS NULL THEN 'text' ELSE type END AS type
     FROM unnest($1::text[]) WITH ORDINALITY AS columns (type, at) ORDER BY at`,
    [columns.map(({ type }) => type)],
  );
  return rows.map(({ type }) => type);
}

/** Isolates the table and then grants it to the roles that may read its source. */
export async function openToReaders(
  client: Client,
  { column, type, onlyTenant }: RequestPlace,
  name: TableName,
  readers: readonly string[],
): Promise<void> {
  const tenancy = { column, type, ...(onlyTenant !== undefined && { onlyTenant }) };
  const wanted = Object.fromEntries(readers.map((role) => [role, ["SELECT"] as const]));
  const grants = planGrants(name, await readGrants(readerOf(client), name), wanted, readers);
  for (const statement of [...planRowSecurity(openTable(name), tenancy), ...grants]) {
    await runStatement(client, statement);
  }
}

/** Drops what a request has restored, also what a killed worker has left. */
export async function dropRestored(client: Client, { schema }: RequestPlace, { id }: ColdRequest): Promise<void> {
  const { rows } = await client.query<TableName>(
    `SELECT nspname AS schema, relname AS table FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
     WHERE nspname = $1 AND relkind = 'r' AND relname ~ $2`,
    [schema, `^cold_.*${suffixOf(id)}(_[0-9]+)?$`],
  );
  for (const name of rows) {
    // tenantry:allow drop-table A copy, whose rows are in the store
    await inTransaction(client, () => runStatement(client, { sql: `DROP TABLE IF EXISTS ${quoteTable(name)}` }));
  }
}
