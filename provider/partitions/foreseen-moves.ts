import type { PartitionSetInputs } from "../../architecture/data-plane/declaration";
import { formatDuration } from "../../common/duration";
import { roundSize } from "../../common/size";
import { quoteTable, type TableName } from "../postgres/live-tables";
import type { Reader } from "../postgres/sql-statements";
import { type Interval, sameInterval } from "./interval";

type Ages = Pick<PartitionSetInputs, "dropAfter" | "retention" | "exportAfter">;

/** Rows of partitions or of files. */
interface Held {
  readonly count: number;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Says what changed ages would move and delete, in rows and bytes, as comments for a preview. Rows are PostgreSQL's
 * estimates; those of files were counted. Empty if the ages stay, or if the database lacks the toolkit.
 */
export async function foreseeMoves(
  read: Reader,
  old: (TableName & OldAges) | undefined,
  next: TableName & Ages,
): Promise<string[]> {
  if (old && !agesChanged(old, next)) return [];
  const [base] = await read<{ there: boolean }>(
    `SELECT to_regclass('tenantry.cold_file') IS NOT NULL AND to_regclass($1) IS NOT NULL AS there`,
    [quoteTable(next)],
  );
  if (!base?.there) return [];
  const [inDatabase, inStore] = await Promise.all([passed(read, next), stored(read, next)]);
  return [...databaseLines(next, inDatabase), ...storeLines(next, inStore)];
}

interface OldAges {
  readonly dropAfter: Ages["dropAfter"];
  readonly retention?: Interval;
  readonly exportAfter?: Interval;
}

function agesChanged(old: OldAges, next: Ages): boolean {
  return (
    old.dropAfter !== next.dropAfter ||
    !sameInterval(old.retention, next.retention) ||
    !sameInterval(old.exportAfter, next.exportAfter)
  );
}

function databaseLines({ dropAfter, retention, exportAfter }: Ages, held: Held): string[] {
  const age = dropAfter === "export" ? exportAfter : retention;
  if (!age || held.count === 0) return [];
  const which = `${amount(held, "partition")} older than ${formatDuration(age)}`;
  return dropAfter === "export"
    ? [`-- the next \`tenantry lifecycle run\` moves ${which} to the store`]
    : [`-- ${which} ${held.count === 1 ? "is" : "are"} dropped in the next rounds of maintenance`];
}

function storeLines({ dropAfter, retention }: Ages, { passed, held, all }: Stored): string[] {
  if (all.count === 0) return [];
  if (dropAfter !== "export") {
    return [
      `-- ${amount(all, "file")} in the store would be lost from sight: no run deletes them, and no request finds them`,
    ];
  }
  const gone = passed.count > 0 && retention;
  return [
    ...(gone
      ? [
          `-- ${amount(passed, "file")} older than ${formatDuration(retention)} ${passed.count === 1 ? "is" : "are"} removed from the store by the next run`,
        ]
      : []),
    ...(held.count > 0 ? [`-- ${amount(held, "file")} as old stay, because of a legal hold`] : []),
  ];
}

function amount({ count, rows, bytes }: Held, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"} (${rows.toLocaleString("en")} rows, ${roundSize({ bytes })})`;
}

/** The partitions that are past the age at which they leave the database. The newest one stays in any case. */
async function passed(read: Reader, { dropAfter, retention, exportAfter, ...name }: TableName & Ages): Promise<Held> {
  const age = dropAfter === "export" ? exportAfter : retention;
  if (!age) return nothing;
  const partitions = await read<{ name: string }>(
    `SELECT partition::text AS name FROM (
       SELECT partition, upper(period) AS ends_at, max(upper(period)) OVER () AS last
       FROM tenantry.partition_periods(to_regclass($1))
     ) AS of_set
     WHERE ends_at + CAST($2 AS interval) <= now() AND ends_at < last`,
    [quoteTable(name), formatDuration(age)],
  );
  const names = partitions.map((each) => each.name);
  const held = await sizes(read, names, await isDistributed(read, name));
  return { count: names.length, rows: held?.rows ?? 0, bytes: held?.bytes ?? 0 };
}

async function isDistributed(read: Reader, name: TableName): Promise<boolean> {
  const [citus] = await read<{ there: boolean }>("SELECT to_regclass('pg_dist_partition') IS NOT NULL AS there");
  if (!citus?.there) return false;
  const found = await read("SELECT FROM pg_dist_partition WHERE logicalrelid = to_regclass($1)", [quoteTable(name)]);
  return found.length > 0;
}

/** Rows and bytes of partitions. On Citus the coordinator's own tables are empty, so the shards are asked. */
async function sizes(read: Reader, names: readonly string[], distributed: boolean) {
  if (names.length === 0) return undefined;
  const [held] = await read<{ rows: number; bytes: number }>(
    distributed
      ? `SELECT coalesce(sum((SELECT sum(CAST(result AS float8)) FROM run_command_on_shards(name::regclass,
             'SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = ''%s''::regclass') WHERE success)), 0)::float8 AS rows,
           coalesce(sum(citus_total_relation_size(name::regclass)), 0)::float8 AS bytes
         FROM unnest(CAST($1 AS text[])) AS name`
      : `SELECT coalesce(sum(greatest(reltuples, 0)), 0)::float8 AS rows,
           coalesce(sum(pg_total_relation_size(oid)), 0)::float8 AS bytes
         FROM pg_class WHERE oid = ANY (CAST($1 AS regclass[]))`,
    [names],
  );
  return held && { rows: Math.round(held.rows), bytes: held.bytes };
}

interface Stored {
  /** Files past the next retention. */
  readonly passed: Held;
  /** Files as old, of tenants under a legal hold. */
  readonly held: Held;
  readonly all: Held;
}

async function stored(read: Reader, { retention, ...name }: TableName & Ages): Promise<Stored> {
  const rows = await read<Held & { readonly old: boolean; readonly kept: boolean }>(
    `SELECT coalesce(ends_at + CAST($3 AS interval) <= now(), false) AS old,
       EXISTS (SELECT FROM tenantry.legal_hold WHERE legal_hold.tenant = cold_file.tenant) AS kept,
       count(*)::float8 AS count, sum(rows)::float8 AS rows, sum(bytes)::float8 AS bytes
     FROM tenantry.cold_file WHERE schema_name = $1 AND table_name = $2 GROUP BY 1, 2`,
    [name.schema, name.table, retention ? formatDuration(retention) : null],
  );
  const sum = (some: readonly Held[]): Held =>
    some.reduce(
      (all, each) => ({ count: all.count + each.count, rows: all.rows + each.rows, bytes: all.bytes + each.bytes }),
      nothing,
    );
  return {
    passed: sum(rows.filter(({ old, kept }) => old && !kept)),
    held: sum(rows.filter(({ old, kept }) => old && kept)),
    all: sum(rows),
  };
}

const nothing: Held = { count: 0, rows: 0, bytes: 0 };
