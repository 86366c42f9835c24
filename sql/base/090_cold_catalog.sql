-- The catalog of cold rows: which partitions moved to the store, how far each has come, and what is in each file. Written
-- by `tenantry lifecycle run`. No role of the application has a right here; the policies are for the day on which somebody
-- grants one.

-- The partition sets whose old partitions move to the store; written by PartitionSet.
CREATE TABLE IF NOT EXISTS tenantry.exported_partition_set (
  parent regclass PRIMARY KEY,
  -- The age at which a partition moves, counted from its upper bound.
  export_after interval NOT NULL CHECK (export_after > interval '0'),
  -- The age at which its files are deleted.
  retention interval NOT NULL CHECK (retention > interval '0')
);
GRANT SELECT ON tenantry.exported_partition_set TO pg_monitor;

-- The way of each partition out of the database. A step is recorded once it is done, and the next begins behind it.
CREATE TABLE IF NOT EXISTS tenantry.aged_partition (
  schema_name text NOT NULL,
  table_name text NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  partition_name text NOT NULL,
  step text NOT NULL CHECK (step IN ('closed', 'exported', 'verified', 'detached', 'dropped', 'deleted')),
  -- Counts the exports of one period: a partition that somebody makes again for late rows adds files to it.
  batch integer NOT NULL DEFAULT 1,
  -- Rows in all files of the period, and the size of the partition with its indexes before it was dropped.
  rows bigint NOT NULL DEFAULT 0,
  database_bytes bigint NOT NULL DEFAULT 0,
  manifest_key text,
  manifest_sha256 text,
  closed_at timestamptz NOT NULL DEFAULT now(),
  exported_at timestamptz,
  verified_at timestamptz,
  detached_at timestamptz,
  dropped_at timestamptz,
  deleted_at timestamptz,
  -- Why the last run could not go on. Null: it did.
  error text,
  failed_at timestamptz,
  PRIMARY KEY (schema_name, table_name, starts_at)
);
GRANT SELECT ON tenantry.aged_partition TO pg_monitor;

-- The files of cold rows. Each has the rows of one tenant and one period.
CREATE TABLE IF NOT EXISTS tenantry.cold_file (
  -- Below the store's prefix.
  key text PRIMARY KEY,
  schema_name text NOT NULL,
  table_name text NOT NULL,
  -- The tenant column's value as text.
  tenant text NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  batch integer NOT NULL DEFAULT 1,
  part integer NOT NULL,
  rows bigint NOT NULL,
  bytes bigint NOT NULL,
  sha256 text NOT NULL,
  -- Sum over the rows of 64 bits of the MD5 of each row's canonical text, as PostgreSQL computed it.
  row_checksum numeric NOT NULL,
  first_time timestamptz,
  last_time timestamptz,
  -- [{"name", "type", "base", "baseType": PostgreSQL's, "generated", "stored": the type in the file}], in the file's order.
  columns jsonb NOT NULL,
  exported_at timestamptz NOT NULL DEFAULT now(),
  -- Null: nobody has read it back yet, and nobody may rely on it.
  verified_at timestamptz,
  FOREIGN KEY (schema_name, table_name, starts_at) REFERENCES tenantry.aged_partition
);
CREATE INDEX IF NOT EXISTS cold_file_by_tenant ON tenantry.cold_file (tenant, schema_name, table_name, starts_at);
CREATE INDEX IF NOT EXISTS cold_file_by_period ON tenantry.cold_file (schema_name, table_name, starts_at);
GRANT SELECT ON tenantry.cold_file TO pg_monitor;

-- Tenants whose data nobody may delete.
CREATE TABLE IF NOT EXISTS tenantry.legal_hold (
  tenant text PRIMARY KEY,
  reason text NOT NULL CHECK (reason <> ''),
  held_at timestamptz NOT NULL DEFAULT now(),
  held_by text NOT NULL
);

-- Receipts of erasures: what was erased where. They outlive the data, so they name a tenant, and of a person no value.
CREATE TABLE IF NOT EXISTS tenantry.erasure (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant text NOT NULL,
  -- Columns by which a person's rows were found, with the SHA-256 of tenant and value. Null: the whole tenant.
  person jsonb,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  erased_by text NOT NULL,
  -- {"PLACE": {"rows": 1, "files": 1, "bytes": 1}}
  erased jsonb NOT NULL DEFAULT '{}'
);

REVOKE ALL ON tenantry.legal_hold, tenantry.erasure FROM PUBLIC;
ALTER TABLE tenantry.aged_partition ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenantry.cold_file ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenantry.legal_hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenantry.erasure ENABLE ROW LEVEL SECURITY;
-- tenantry:allow open-policy These tables name their tenant in `tenant`, and monitoring reads the rows of all tenants
-- tenantry:allow policy-without-check USING holds for written rows too
DO $$
DECLARE
  each regclass;
BEGIN
  FOREACH each IN ARRAY ARRAY['tenantry.cold_file', 'tenantry.legal_hold', 'tenantry.erasure']::regclass[] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_policy WHERE polrelid = each AND polname = 'tenant_isolation') THEN
      EXECUTE format(
        'CREATE POLICY tenant_isolation ON %s USING (tenant = nullif(current_setting(''app.tenant_id'', true), ''''))', each
      );
    END IF;
  END LOOP;
  FOREACH each IN ARRAY ARRAY['tenantry.aged_partition', 'tenantry.cold_file']::regclass[] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_policy WHERE polrelid = each AND polname = 'monitoring') THEN
      EXECUTE format('CREATE POLICY monitoring ON %s FOR SELECT TO pg_monitor USING (true)', each);
    END IF;
  END LOOP;
END
$$;

-- The partitions of the exported sets: their bounds, and the times at which they move and are deleted.
CREATE OR REPLACE FUNCTION tenantry.exported_partitions()
  RETURNS TABLE (
    parent regclass, partition regclass, starts_at timestamptz, ends_at timestamptz, moves_at timestamptz,
    deletes_at timestamptz, is_last boolean
  )
  LANGUAGE sql STABLE
  -- Bounds are written and read here in one and the same way, whatever the session has set. Those without a zone are UTC.
  SET search_path = pg_catalog, pg_temp
  SET "DateStyle" = 'ISO'
  SET "TimeZone" = 'UTC'
AS $$
  SELECT exported.parent, child.oid::regclass, bound.starts_at, bound.ends_at,
    bound.ends_at + exported.export_after, bound.ends_at + exported.retention,
    bound.ends_at = max(bound.ends_at) OVER (PARTITION BY exported.parent)
  FROM tenantry.exported_partition_set AS exported
  JOIN pg_inherits AS inheritance ON inheritance.inhparent = exported.parent AND NOT inheritance.inhdetachpending
  JOIN pg_class AS child ON child.oid = inheritance.inhrelid
  CROSS JOIN LATERAL (
    SELECT CAST(substring(expression FROM 'FROM \(''([^'']+)''\)') AS timestamptz),
      CAST(substring(expression FROM 'TO \(''([^'']+)''\)') AS timestamptz)
    FROM pg_get_expr(child.relpartbound, child.oid) AS expression
  ) AS bound (starts_at, ends_at)
  WHERE bound.starts_at IS NOT NULL AND bound.ends_at IS NOT NULL
$$;
REVOKE EXECUTE ON FUNCTION tenantry.exported_partitions() FROM PUBLIC;
