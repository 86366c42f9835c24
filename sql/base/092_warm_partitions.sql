-- The partitions that `tenantry lifecycle run` has made compact, each with the form that it has. A row is written in the
-- transaction that converts the partition, so it is there exactly when the form is.
CREATE TABLE IF NOT EXISTS tenantry.warm_partition (
  schema_name text NOT NULL,
  table_name text NOT NULL,
  starts_at timestamptz NOT NULL,
  partition_name text NOT NULL,
  -- `heap`, `columnar`, or `tablespace NAME`.
  form text NOT NULL,
  rows bigint NOT NULL,
  bytes_before bigint NOT NULL,
  bytes_after bigint,
  converted_at timestamptz NOT NULL DEFAULT now(),
  -- Null: its statistics and its visibility map are still to be renewed.
  vacuumed_at timestamptz,
  PRIMARY KEY (schema_name, table_name, starts_at)
);
REVOKE ALL ON tenantry.warm_partition FROM PUBLIC;
