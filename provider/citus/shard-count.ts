import { quoteLiteral } from "../../common/identifier";
import { quoteTable, type TableName } from "../postgres/live-tables";
import type { Statement } from "../postgres/sql-statements";

/**
 * Changes the number of shards of a whole co-location group, in one transaction. Citus creates each table again, with
 * its policies, privileges and publication. This adds what Citus does not keep. Citus would add the foreign keys of
 * partitioned tables twice to their partitions and fail, so they are dropped meanwhile. The guarded retention refers
 * to tables by oid, so its rows are updated.
 */
export function changeShardCount(name: TableName, shardCount: number): Statement {
  const table = quoteLiteral(quoteTable(name));
  return {
    sql: `DO $tenantry$
DECLARE
  key record;
  keys text[] := '{}';
  add_key text;
  guarded jsonb := '{}';
BEGIN
  FOR key IN
    SELECT conrelid::regclass AS relation, conname, pg_get_constraintdef(k.oid) AS definition
    FROM pg_constraint k JOIN pg_dist_partition p ON p.logicalrelid = conrelid JOIN pg_class c ON c.oid = conrelid
    WHERE contype = 'f' AND conparentid = 0 AND relkind = 'p'
      AND colocationid = (SELECT colocationid FROM pg_dist_partition WHERE logicalrelid = ${table}::regclass)
  LOOP
    keys := keys || format('ALTER TABLE %s ADD CONSTRAINT %I %s', key.relation, key.conname, key.definition);
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', key.relation, key.conname);
  END LOOP;
  IF to_regclass('tenantry.guarded_partition_set') IS NOT NULL THEN
    SELECT coalesce(jsonb_object_agg(parent::oid, parent::text), '{}') INTO guarded FROM tenantry.guarded_partition_set;
  END IF;
  PERFORM alter_distributed_table(${table}, shard_count => ${shardCount}, cascade_to_colocated => true);
  FOREACH add_key IN ARRAY keys LOOP
    EXECUTE add_key;
  END LOOP;
  IF guarded <> '{}' THEN
    UPDATE tenantry.guarded_partition_set SET parent = (guarded ->> parent::oid::text)::regclass;
  END IF;
END
$tenantry$`,
  };
}
