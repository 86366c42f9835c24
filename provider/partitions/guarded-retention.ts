import { quoteLiteral } from "../../common/identifier";
import { quoteTable, type TableName } from "../postgres/live-tables";
import type { Reader, Statement } from "../postgres/sql-statements";
import { durationOfInterval } from "./interval";

/** Has `tenantry.drop_passed_partitions()` keep the set: a partition goes only when every slot has passed its last row. */
export function guard(name: TableName, retention: string): Statement {
  return {
    sql: `INSERT INTO tenantry.guarded_partition_set (parent, retention)
VALUES (${regclass(name)}, ${quoteLiteral(retention)})
ON CONFLICT (parent) DO UPDATE SET retention = excluded.retention`,
  };
}

/** Leaves the set's partitions where they are. */
export function unguard(name: TableName): Statement {
  return { sql: `DELETE FROM tenantry.guarded_partition_set WHERE parent = to_regclass(${regclass(name)})` };
}

/** How long the set is kept; undefined if it is not kept, or there is no toolkit in the database to keep it. */
export async function readGuardedRetention(read: Reader, name: TableName): Promise<string | undefined> {
  const [base] = await read<{ there: boolean }>(
    "SELECT to_regclass('tenantry.guarded_partition_set') IS NOT NULL AS there",
  );
  if (!base?.there) return undefined;
  const [guarded] = await read<{ retention: string }>(
    "SELECT retention::text AS retention FROM tenantry.guarded_partition_set WHERE parent = to_regclass($1)",
    [quoteTable(name)],
  );
  return guarded && durationOfInterval(guarded.retention);
}

function regclass(name: TableName): string {
  return quoteLiteral(quoteTable(name));
}
