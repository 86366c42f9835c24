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
SELECT alter_distributed_table('"shop"."tenants"', shard_count => 64, cascade_to_colocated => true)

-- # a foreign key is missing
ALTER TABLE "shop"."orders" ADD CONSTRAINT "orders_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "shop"."tenants" ("tenant_id")

-- # delete
-- the table stays with its rows, unless tenantry:allow has "drop shop.orders":
DROP TABLE IF EXISTS "shop"."orders"
