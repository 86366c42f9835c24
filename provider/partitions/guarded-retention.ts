import { type Duration, formatDuration } from "../../common/duration";
import { quoteLiteral } from "../../common/identifier";
import { quoteTable, type TableName } from "../postgres/live-tables";
import type { Reader, Statement } from "../postgres/sql-statements";
import { type Interval, parseInterval } from "./interval";

/**
 * Puts the set under `tenantry.drop_passed_partitions()`: it drops a partition only when every slot has passed its
 * last row.
 */
export function guard(name: TableName, retention: Duration): Statement {
  return {
    sql: `INSERT INTO tenantry.guarded_partition_set (parent, retention)
VALUES (${regclass(name)}, ${quoteLiteral(formatDuration(retention))})
ON CONFLICT (parent) DO UPDATE SET retention = excluded.retention`,
  };
}

/** Stops guarding the set. Its partitions stay. */
export function unguard(name: TableName): Statement {
  return { sql: `DELETE FROM tenantry.guarded_partition_set WHERE parent = to_regclass(${regclass(name)})` };
}

/** Retention of the set; undefined if it is not guarded, or the database lacks the toolkit. */
export async function readGuardedRetention(read: Reader, name: TableName): Promise<Interval | undefined> {
  const [base] = await read<{ there: boolean }>(
    "SELECT to_regclass('tenantry.guarded_partition_set') IS NOT NULL AS there",
  );
  if (!base?.there) return undefined;
  const [guarded] = await read<{ retention: string }>(
    "SELECT retention::text AS retention FROM tenantry.guarded_partition_set WHERE parent = to_regclass($1)",
    [quoteTable(name)],
  );
  return guarded && parseInterval(guarded.retention);
}

function regclass(name: TableName): string {
  return quoteLiteral(quoteTable(name));
}
