import { setTimeout as sleep } from "node:timers/promises";
import type { SchemaChangeInputs } from "../../architecture/data-plane/declaration";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import type { Reader } from "../postgres/sql-statements";
import { runStatement, runStatements } from "../postgres/sql-statements";
import type { Context } from "../protocol/resource-context";
import { type BackfillPlace, recordPlace } from "./change-record";
import { listTenants } from "./change-tenants";
import { lockTimeout, validation } from "./phase-statements";
import { readLag } from "./replication-lag";

/** Rows of a batch: the first one's, and the bounds within which it adapts to `batchMs`. */
const batchRows = { first: 500, least: 50, most: 20_000 };
/** The time that a batch should hold its row locks, in ms. */
const batchMs = 200;
/** The share of a batch's time for which the backfill pauses, so that the application's statements come between. */
const pauseShare = 0.15;
/** The backfill waits while a standby or a replication slot is this far behind, in bytes of the log. */
const mostLagBytes = 256 * 2 ** 20;
const reportMs = 5_000;

/**
 * Fills the new columns of rows that were written before both sides were kept equal: one table or partition after the
 * other, tenant by tenant, in batches that each commit. It continues where a killed run ended, and changes no row twice.
 */
export async function backfill(context: Context, next: SchemaChangeInputs, from: BackfillPlace | null): Promise<void> {
  const { database, log } = context;
  if (from?.isDone) return;
  const rows = next.add.length > 0 ? await fillRows(context, next, from) : 0;
  const statements = validation(next);
  if (statements.length > 0) {
    log(`${next.change}: validates NOT NULL of ${next.add.filter(({ notNull }) => notNull).length} column(s)`);
    await database.transaction((client) =>
      runStatements(client, [{ sql: `SET LOCAL lock_timeout = '${lockTimeout}'` }, ...statements]),
    );
  }
  await database.transaction((client) => runStatement(client, recordPlace(next, { relation: "", rows, isDone: true })));
}

/** @returns the rows that this run and those before it have filled */
async function fillRows(context: Context, next: SchemaChangeInputs, from: BackfillPlace | null): Promise<number> {
  const { database, log, signal } = context;
  const read: Reader = database.query.bind(database);
  const relations = await leavesOf(read, next);
  const tenants: readonly (string | undefined)[] = next.tenant ? await listTenants(context, next.tenant) : [undefined];
  const started = Date.now();
  let rows = from?.rows ?? 0;
  let reported = started;
  let size = batchRows.first;
  const firstRelation = Math.max(0, relations.indexOf(from?.relation ?? ""));
  for (const [index, relation] of relations.entries()) {
    if (index < firstRelation) continue;
    const resumes = index === firstRelation && from?.relation === relation && from.tenant !== undefined;
    const firstTenant = resumes ? Math.max(0, tenants.indexOf(from.tenant)) : 0;
    for (const tenant of tenants.slice(firstTenant)) {
      for (let after: readonly string[] | undefined = []; after; ) {
        signal.throwIfAborted();
        const begun = Date.now();
        const batch = await changeBatch(context, next, { relation, tenant, after, size });
        const tookMs = Date.now() - begun;
        rows += batch.changed;
        after = batch.last;
        if (batch.changed > 0) {
          const ratio = Math.min(2, Math.max(0.5, batchMs / Math.max(1, tookMs)));
          size = Math.round(Math.min(batchRows.most, Math.max(batchRows.least, size * ratio)));
          await sleep(tookMs * pauseShare, undefined, { signal });
        }
        if (Date.now() - reported < reportMs) continue;
        reported = Date.now();
        const place = { relation, ...(tenant !== undefined && { tenant }), rows };
        await database.transaction((client) => runStatement(client, recordPlace(next, place)));
        const rate = Math.round(((rows - (from?.rows ?? 0)) * 1_000) / (reported - started));
        log(
          `${next.change}: ${rows} rows filled, ${rate} a second, at ${relation} (${index + 1} of ${relations.length})`,
        );
        await waitForReplication(context, next);
      }
    }
  }
  if (rows > 0) log(`${next.change}: ${rows} rows filled`);
  return rows;
}

interface Batch {
  readonly relation: string;
  readonly tenant: string | undefined;
  /** The key, as text, behind which the batch begins. Empty: at the start. */
  readonly after: readonly string[];
  readonly size: number;
}

/** Changes one batch; `last` is the key at which the next one begins, undefined behind the last batch. */
async function changeBatch(
  { database }: Context,
  next: SchemaChangeInputs,
  { relation, tenant, after, size }: Batch,
): Promise<{ readonly changed: number; readonly last: readonly string[] | undefined }> {
  const keys = next.key.filter((column) => column !== next.tenant?.column);
  const row = `(${keys.map(quoteIdentifier).join(", ")})`;
  return database.transaction(async (client) => {
    if (tenant !== undefined) await client.query("SELECT tenantry.set_tenant($1)", [tenant]);
    const values: unknown[] = tenant === undefined ? [] : [tenant];
    const where = [
      ...(next.tenant && tenant !== undefined ? [`${quoteIdentifier(next.tenant.column)} = $1`] : []),
      ...(after.length > 0 ? [`${row} > (${after.map((value) => `$${values.push(value)}`).join(", ")})`] : []),
    ];
    const condition = (more: readonly string[]) => {
      const all = [...where, ...more];
      return all.length > 0 ? `WHERE ${all.join(" AND ")}` : "";
    };
    const found =
      keys.length === 0
        ? []
        : (
            await client.query<string[]>({
              text: `SELECT ${keys.map((key) => `${quoteIdentifier(key)}::text`).join(", ")} FROM ${relation} ${condition([])}
ORDER BY ${keys.map(quoteIdentifier).join(", ")} OFFSET ${size - 1} LIMIT 1`,
              values,
              rowMode: "array",
            })
          ).rows;
    const [last] = found;
    const upTo = last ? [`${row} <= (${last.map((value) => `$${values.push(value)}`).join(", ")})`] : [];
    const { rowCount } = await client.query(
      `UPDATE ${relation} SET ${assignments(next)} ${condition([...upTo, unfilled(next)])}`,
      values,
    );
    return { changed: rowCount ?? 0, last };
  });
}

function assignments({ add }: SchemaChangeInputs): string {
  return add.map(({ name, value }) => `${quoteIdentifier(name)} = ${value}`).join(", ");
}

/** Rows without a value on the new side, although their old side gives one. Rows of the new release have one. */
export function unfilled({ add }: SchemaChangeInputs): string {
  const empty = add.map(({ name }) => `${quoteIdentifier(name)} IS NULL`).join(" AND ");
  return `(${empty}) AND (${add.map(({ value }) => `${value} IS NOT NULL`).join(" OR ")})`;
}

/** The table, or its partitions, oldest first. */
async function leavesOf(read: Reader, { schema, table }: SchemaChangeInputs): Promise<readonly string[]> {
  const rows = await read<{ leaf: string }>(
    `SELECT format('%I.%I', nspname, relname) AS leaf
     FROM pg_partition_tree(to_regclass($1)) JOIN pg_class c ON c.oid = relid JOIN pg_namespace n ON n.oid = relnamespace
     WHERE isleaf ORDER BY relname`,
    [quoteQualified(schema, table)],
  );
  return rows.length > 0 ? rows.map(({ leaf }) => leaf) : [quoteQualified(schema, table)];
}

async function waitForReplication({ database, log, signal }: Context, next: SchemaChangeInputs): Promise<void> {
  for (let waits = 0; ; waits++) {
    const lag = await readLag(database.query.bind(database));
    if (!lag || lag.bytes <= mostLagBytes) return;
    if (waits % 12 === 0)
      log(`${next.change}: waits, because ${lag.of} is ${Math.round(lag.bytes / 2 ** 20)} MiB behind`);
    await sleep(reportMs, undefined, { signal });
  }
}
