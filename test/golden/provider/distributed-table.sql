-- # make the tenants' table
-- where Citus is installed:
SELECT create_distributed_table('"shop"."tenants"', 'tenant_id', shard_count => 32, colocate_with => 'none')

-- # make a table beside it
-- where Citus is installed:
SELECT create_distributed_table('"shop"."orders"', 'tenant_id', colocate_with => '"shop"."tenants"')
ALTER TABLE "shop"."orders" ADD CONSTRAINT "orders_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "shop"."tenants" ("tenant_id")

-- # another column
-- rewrites every row of shop.orders:
SELECT alter_distributed_table('"shop"."orders"', distribution_column => 'customer_id')

-- # another number of shards
-- rewrites every row of shop.tenants:
DO $tenantry$
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
      AND colocationid = (SELECT colocationid FROM pg_dist_partition WHERE logicalrelid = '"shop"."tenants"'::regclass)
  LOOP
    keys := keys || format('ALTER TABLE %s ADD CONSTRAINT %I %s', key.relation, key.conname, key.definition);
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', key.relation, key.conname);
  END LOOP;
  IF to_regclass('tenantry.guarded_partition_set') IS NOT NULL THEN
    SELECT coalesce(jsonb_object_agg(parent::oid, parent::text), '{}') INTO guarded FROM tenantry.guarded_partition_set;
  END IF;
  PERFORM alter_distributed_table('"shop"."tenants"', shard_count => 64, cascade_to_colocated => true);
  FOREACH add_key IN ARRAY keys LOOP
    EXECUTE add_key;
  END LOOP;
  IF guarded <> '{}' THEN
    UPDATE tenantry.guarded_partition_set SET parent = (guarded ->> parent::oid::text)::regclass;
  END IF;
END
$tenantry$

-- # a foreign key is missing
ALTER TABLE "shop"."orders" ADD CONSTRAINT "orders_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "shop"."tenants" ("tenant_id")

-- # delete
-- the table stays with its rows, unless tenantry:allow has "drop shop.orders":
DROP TABLE IF EXISTS "shop"."orders"
