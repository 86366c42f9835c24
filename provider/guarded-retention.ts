import { quoteLiteral } from "../architecture/identifier";
import type { Statement } from "./database";
import { quoteTable, type TableName } from "./tables";

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

function regclass(name: TableName): string {
  return quoteLiteral(quoteTable(name));
}
