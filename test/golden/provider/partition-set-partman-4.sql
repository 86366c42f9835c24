SELECT "partman".create_parent(
  p_parent_table => 'ecommerce.orders',
  p_control => 'placed_at',
  p_type => 'native',
  p_interval => '1 month',
  p_premake => 4
);

UPDATE "partman".part_config
SET premake = 4, retention = '7 years',
  retention_keep_table = false, infinite_time_partitions = true, automatic_maintenance = 'on'
WHERE parent_table = 'ecommerce.orders';

SELECT "partman".create_parent(
  p_parent_table => 'ecommerce.orders',
  p_control => 'placed_at',
  p_type => 'native',
  p_interval => '1 week',
  p_premake => 4,
  p_date_trunc_interval => 'week'
);

UPDATE "partman".part_config
SET premake = 4, retention = '7 years',
  retention_keep_table = false, infinite_time_partitions = true, automatic_maintenance = 'on'
WHERE parent_table = 'ecommerce.orders';

SELECT "partman".create_parent(
  p_parent_table => 'tenantry.outbox',
  p_control => 'created_at',
  p_type => 'native',
  p_interval => '1 day',
  p_premake => 4
);

UPDATE "partman".part_config
SET premake = 4, retention = NULL,
  retention_keep_table = false, infinite_time_partitions = true, automatic_maintenance = 'on'
WHERE parent_table = 'tenantry.outbox';

INSERT INTO tenantry.guarded_partition_set (parent, retention)
VALUES ('"tenantry"."outbox"', '3 days')
ON CONFLICT (parent) DO UPDATE SET retention = excluded.retention;
