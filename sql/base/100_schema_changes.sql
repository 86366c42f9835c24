-- The schema changes that have begun in this database, each with the phase that it has reached. Written by the resource
-- SchemaChange; `tenantry evolve status` shows it.
CREATE TABLE IF NOT EXISTS tenantry.schema_change (
  schema_name name NOT NULL,
  name text NOT NULL,
  table_name name NOT NULL,
  -- Hash of the columns and expressions, which stay as they are until the change has ended.
  definition text NOT NULL,
  phase text NOT NULL CHECK (phase IN ('expand', 'dual-write', 'backfill', 'switch-reads', 'contract')),
  phase_since timestamptz NOT NULL DEFAULT now(),
  -- Where the backfill continues: {"relation", "tenant", "rows"}.
  backfilled jsonb,
  -- Calls of the statements that name the old columns, by query id, when the readers switched.
  old_statements jsonb,
  PRIMARY KEY (schema_name, name)
);
REVOKE ALL ON tenantry.schema_change FROM PUBLIC;
