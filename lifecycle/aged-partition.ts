import type { TableName } from "../provider/postgres/live-tables";
import type { Reader } from "../provider/postgres/sql-statements";

/** Steps of a partition on its way out of the database, in their order. Each is recorded in the catalog once it is done. */
export const agedSteps = ["closed", "exported", "verified", "detached", "dropped", "deleted"] as const;
export type AgedStep = (typeof agedSteps)[number];

/** The time that a partition holds, and with its table what names it, also after it is dropped. */
export interface Period extends TableName {
  readonly startsAt: Date;
  readonly endsAt: Date;
}

/** A partition of an exported set, as it is attached now. */
export interface AttachedPartition extends Period {
  readonly partition: TableName;
  /** When its rows move to the store. */
  readonly movesAt: Date;
  /** True if no partition of the set ends later: it stays, so that the set has one. */
  readonly isLast: boolean;
}

/** A partition in the catalog. */
export interface AgedPartition extends Period {
  readonly partition: TableName;
  readonly step: AgedStep;
  readonly batch: number;
  readonly rows: number;
  readonly databaseBytes: number;
  readonly manifestKey?: string;
  readonly manifestSha256?: string;
  /** When its files are deleted. Undefined if the set is no longer exported: they stay. */
  readonly deletesAt?: Date;
  readonly error?: string;
}

/** Reads the partitions of all exported sets. */
export async function readAttached(read: Reader): Promise<readonly AttachedPartition[]> {
  const rows = await read<AttachedPartition & { partitionSchema: string; partitionName: string }>(
    `SELECT parent_schema.nspname AS schema, parent.relname AS table, starts_at AS "startsAt", ends_at AS "endsAt",
       child_schema.nspname AS "partitionSchema", child.relname AS "partitionName", moves_at AS "movesAt", is_last AS "isLast"
     FROM tenantry.exported_partitions() AS exported
     JOIN pg_class AS parent ON parent.oid = exported.parent JOIN pg_namespace AS parent_schema ON parent_schema.oid = parent.relnamespace
     JOIN pg_class AS child ON child.oid = exported.partition JOIN pg_namespace AS child_schema ON child_schema.oid = child.relnamespace
     ORDER BY starts_at, 1, 2`,
  );
  return rows.map(({ partitionSchema, partitionName, ...row }) => ({
    ...row,
    partition: { schema: partitionSchema, table: partitionName },
  }));
}

/** Reads the catalog's partitions. */
export async function readAged(read: Reader): Promise<readonly AgedPartition[]> {
  const rows = await read<
    Omit<
      AgedPartition,
      "partition" | "rows" | "databaseBytes" | "manifestKey" | "manifestSha256" | "deletesAt" | "error"
    > & {
      partitionName: string;
      rows: string;
      bytes: string;
      manifestKey: string | null;
      manifestSha256: string | null;
      deletesAt: Date | null;
      error: string | null;
    }
  >(
    `SELECT schema_name AS schema, table_name AS table, starts_at AS "startsAt", ends_at AS "endsAt",
       partition_name AS "partitionName", step, batch, rows::text AS rows, database_bytes::text AS bytes,
       manifest_key AS "manifestKey", manifest_sha256 AS "manifestSha256", ends_at + exported.retention AS "deletesAt", error
     FROM tenantry.aged_partition
     LEFT JOIN tenantry.exported_partition_set AS exported
       ON exported.parent = to_regclass(format('%I.%I', schema_name, table_name))
     ORDER BY starts_at, 1, 2`,
  );
  return rows.map(({ partitionName, rows, bytes, manifestKey, manifestSha256, deletesAt, error, ...row }) => ({
    ...row,
    partition: { schema: row.schema, table: partitionName },
    rows: Number(rows),
    databaseBytes: Number(bytes),
    ...(manifestKey !== null && { manifestKey }),
    ...(manifestSha256 !== null && { manifestSha256 }),
    ...(deletesAt !== null && { deletesAt }),
    ...(error !== null && { error }),
  }));
}

/** Names a partition in messages: `ecommerce.orders 2025-01-01`. */
export function describePeriod({ schema, table, startsAt }: Period): string {
  return `${schema}.${table} ${startsAt.toISOString().replace(/T00:00:00\.000Z$/, "")}`;
}

export function samePeriod(one: Period, other: Period): boolean {
  return one.schema === other.schema && one.table === other.table && +one.startsAt === +other.startsAt;
}
