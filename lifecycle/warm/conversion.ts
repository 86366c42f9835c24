import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import type { WarmForm } from "../../architecture/application";
import { quoteIdentifier } from "../../common/identifier";
import { Problems } from "../../common/problem";
import { liftForce, reachesWorkers, seesAllRows } from "../../provider/postgres/hidden-rows";
import { quoteTable, type TableName, tableId } from "../../provider/postgres/live-tables";
import { errorCode, problemsFrom, sqlState } from "../../provider/postgres/postgres-connection";
import { runStatement } from "../../provider/postgres/sql-statements";
import { formName, type LivePartition, sizeOf, type WarmServer } from "./warm-partition";
import type { Conversion } from "./warm-plan";

/** A partition after its conversion. */
export interface Converted {
  readonly partition: TableName;
  readonly form: string;
  readonly rows: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Number of attempts to lock a partition, each of `lockTimeout`. Between two, its readers and writers get their turn. */
const attempts = 5;
const lockTimeout = "2s";

/**
 * Converts a partition in one transaction, which also records it, and compares the rows before and after. Then it renews the
 * statistics and the visibility map, which PostgreSQL does outside a transaction only. A run after a kill continues.
 */
export async function convert(
  client: Client,
  table: TableName,
  { partition, form, isRewritten }: Conversion,
  server: WarmServer,
): Promise<Converted> {
  if (form === "columnar") await runStatement(client, { sql: "CREATE EXTENSION IF NOT EXISTS citus_columnar" });
  if (isRewritten) await withRetries(partition, () => rewrite(client, table, partition, form, server));
  await runStatement(client, {
    sql: `VACUUM (${form === "columnar" ? "" : "FREEZE, "}ANALYZE) ${quoteTable(partition)}`,
  });
  const { rows } = await client.query<{ rows: string; before: string; after: string }>(
    `UPDATE tenantry.warm_partition SET vacuumed_at = now(), bytes_after = ${sizeOf(server)}
     WHERE schema_name = $2 AND table_name = $3 AND starts_at = $4
     RETURNING rows, bytes_before AS before, bytes_after AS after`,
    [quoteTable(partition), table.schema, table.table, partition.startsAt],
  );
  const [row] = rows;
  return {
    partition: { schema: partition.schema, table: partition.table },
    form: formName(form),
    rows: Number(row?.rows),
    bytesBefore: Number(row?.before),
    bytesAfter: Number(row?.after),
  };
}

/** Makes a columnar partition heap again, so that its rows can be changed. Other partitions stay as they are. */
export async function makeChangeable(client: Client, partition: TableName): Promise<void> {
  const { rows } = await client.query<{ columnar: boolean }>(
    "SELECT amname = 'columnar' AS columnar FROM pg_class JOIN pg_am ON pg_am.oid = relam WHERE pg_class.oid = $1::regclass",
    [quoteTable(partition)],
  );
  if (!rows[0]?.columnar) return;
  await withRetries(partition, () =>
    inTransaction(client, async () => {
      await runStatement(client, { sql: toHeap, values: [quoteTable(partition)] });
      await client.query("DELETE FROM tenantry.warm_partition WHERE schema_name = $1 AND partition_name = $2", [
        partition.schema,
        partition.table,
      ]);
    }),
  );
}

/**
 * Citus makes a new table and gives it everything that the old one has. `SET ACCESS METHOD heap` would make no TOAST table,
 * and so fail at the first large row.
 */
const toHeap = "SELECT alter_table_set_access_method($1::regclass, 'heap')";

async function rewrite(
  client: Client,
  table: TableName,
  partition: LivePartition,
  form: WarmForm,
  server: WarmServer,
): Promise<void> {
  const name = quoteTable(partition);
  await inTransaction(client, async () => {
    // Writers wait from here on, readers only during the rewrite.
    await runStatement(client, { sql: `LOCK TABLE ${name} IN SHARE MODE` });
    const restoreForce = await seeRows(client, partition);
    const before = await countRows(client, partition);
    const size = await client.query<{ bytes: string }>(`SELECT ${sizeOf(server)} AS bytes`, [name]);
    if (partition.isColumnar && form !== "columnar") await runStatement(client, { sql: toHeap, values: [name] });
    for (const sql of await rewriting(client, partition, form)) await runStatement(client, { sql });
    const after = await countRows(client, partition);
    if (before.rows !== after.rows || before.sum !== after.sum) throw rowsDiffer(partition, before, after);
    await restoreForce();
    await client.query(
      `INSERT INTO tenantry.warm_partition (schema_name, table_name, starts_at, partition_name, form, rows, bytes_before)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (schema_name, table_name, starts_at) DO UPDATE
       SET partition_name = excluded.partition_name, form = excluded.form, rows = excluded.rows,
         bytes_before = excluded.bytes_before, bytes_after = NULL, converted_at = now(), vacuumed_at = NULL`,
      [
        ...[table.schema, table.table, partition.startsAt, partition.table],
        ...[formName(form), before.rows, size.rows[0]?.bytes],
      ],
    );
  });
}

/**
 * The statements that rewrite the partition in place, so that its privileges, policies, owner, foreign keys and its place in
 * the set stay. CLUSTER orders the rows by the key and rebuilds the indexes, and leaves out dead rows and free space.
 */
async function rewriting(client: Client, partition: LivePartition, form: WarmForm): Promise<readonly string[]> {
  const name = quoteTable(partition);
  const indexes = await indexesOf(client, partition);
  const full = indexes.filter(({ fills }) => fills).map(({ index }) => `ALTER INDEX ${index} SET (fillfactor = 100)`);
  const cluster = [`CLUSTER ${name} USING ${quoteIdentifier(partition.key ?? "")}`, ...unmarked(name)];
  if (form === "columnar")
    return partition.isColumnar ? [] : [...cluster, `ALTER TABLE ${name} SET ACCESS METHOD columnar`];
  const tablespace = typeof form === "string" ? "pg_default" : form.tablespace;
  const place = quoteIdentifier(tablespace);
  const moves = (partition.tablespace ?? "pg_default") !== tablespace;
  return [
    `ALTER TABLE ${name} SET (fillfactor = 100)`,
    ...full,
    ...(moves ? [`ALTER TABLE ${name} SET TABLESPACE ${place}`] : []),
    ...(moves ? indexes.map(({ index }) => `ALTER INDEX ${index} SET TABLESPACE ${place}`) : []),
    ...cluster,
  ];
}

/**
 * Takes away the mark that CLUSTER leaves on the index. Citus copies it when it makes a table anew, and then refuses its own
 * statement; it also refuses to send this one to its nodes, where the mark has no effect.
 */
function unmarked(name: string): readonly string[] {
  const propagation = (to: "on" | "off") => `SET LOCAL citus.enable_ddl_propagation = ${to}`;
  return [propagation("off"), `ALTER TABLE ${name} SET WITHOUT CLUSTER`, propagation("on")];
}

async function indexesOf(client: Client, partition: TableName) {
  const { rows } = await client.query<{ index: string; fills: boolean }>(
    `SELECT format('%I.%I', nspname, relname) AS index, amname IN ('btree', 'hash', 'gist', 'spgist') AS fills
     FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_am a ON a.oid = relam
     WHERE indrelid = $1::regclass ORDER BY 1`,
    [quoteTable(partition)],
  );
  return rows;
}

/** Row level security binds an administrator who is no superuser: the comparison would see no row on either side. */
async function seeRows(client: Client, partition: TableName): Promise<() => Promise<void>> {
  const { rows } = await client.query<{ bound: boolean }>("SELECT row_security_active($1::regclass) AS bound", [
    quoteTable(partition),
  ]);
  const restore = rows[0]?.bound ? await liftForce(client, [partition.schema], [partition.table]) : async () => {};
  await client.query(`SET LOCAL ${seesAllRows}`);
  return restore;
}

interface RowCount {
  readonly rows: string;
  readonly sum: string | null;
}

/** Counts the rows, and adds up a hash of each row's text, which is independent of their order. */
async function countRows(client: Client, partition: TableName): Promise<RowCount> {
  const { rows } = await client.query<RowCount>(
    `SELECT count(*)::text AS rows, sum(hashtextextended(each::text, 0)::numeric)::text AS sum FROM ${quoteTable(partition)} AS each`,
  );
  return rows[0] ?? { rows: "none", sum: null };
}

async function inTransaction(client: Client, work: () => Promise<void>): Promise<void> {
  try {
    await client.query("BEGIN");
    await client.query(reachesWorkers);
    await client.query(`SET LOCAL lock_timeout = '${lockTimeout}'`);
    await work();
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

async function withRetries(partition: TableName, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (attempt === attempts) throw busy(partition, error);
      await sleep(500 * attempt);
    }
  }
}

/** Where a node's lock timed out, Citus reports a failed connection. */
function isBusy(error: unknown): boolean {
  const code = errorCode(error);
  return (
    code === sqlState.lockTimeout ||
    code === sqlState.deadlock ||
    (error instanceof Error && /failure on connection marked as essential/.test(error.message))
  );
}

function busy(partition: TableName, cause: unknown): Problems {
  return problemsFrom(
    {
      what: `The partition ${tableId(partition)} was in use, so it was not made compact`,
      got: `${attempts} attempts of ${lockTimeout} to lock it; the last: ${cause instanceof Error ? cause.message.split("\n", 1)[0] : cause}`,
      fix: "end the long transaction that uses it (SELECT * FROM pg_stat_activity ORDER BY xact_start), or wait for the next run",
    },
    cause,
  );
}

function rowsDiffer(partition: TableName, before: RowCount, after: RowCount): Problems {
  return new Problems([
    {
      what: `The rows of ${tableId(partition)} were not the same after they were rewritten: nothing was changed`,
      got: `${after.rows} rows with the checksum ${after.sum}`,
      expected: `${before.rows} rows with the checksum ${before.sum}`,
      fix: "check the server's storage and its log, and run again",
    },
  ]);
}
