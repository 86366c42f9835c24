-- A new partition is isolated the moment it exists, whoever makes it: pg_partman's background worker, or somebody by
-- hand. Row level security isn't inherited: without this, a role that is granted a partition reads every tenant's rows.
--
-- Isolation wins over the command: if it fails, so does the CREATE or ATTACH, and no partition stays open. Commands that
-- make no partition of an isolated table only pay for one look into the catalogs. The housekeeping that rides along must
-- not fail anybody's command: its errors become warnings.
CREATE OR REPLACE FUNCTION tenantry.isolate_partitions() RETURNS event_trigger
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  partitions oid[];
  exposed record;
BEGIN
  -- CREATE TABLE names the partition, ATTACH PARTITION the parent.
  partitions := ARRAY(
    SELECT child.oid
    FROM pg_event_trigger_ddl_commands() AS command
    JOIN pg_inherits ON command.objid = CASE command.command_tag WHEN 'CREATE TABLE' THEN inhrelid ELSE inhparent END
    JOIN pg_class AS child ON child.oid = inhrelid
    WHERE command.classid = 'pg_class'::regclass AND child.relispartition
  );
  IF partitions = '{}' THEN
    RETURN;
  END IF;
  -- Citus brings a shard's policies itself, from the table whose shard it is. What is one, its catalogs say: a session
  -- that names itself as Citus' own do is anybody's.
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
    partitions := ARRAY(
      SELECT child FROM unnest(partitions) AS child JOIN pg_inherits ON inhrelid = child
      WHERE NOT relation_is_a_known_shard(inhparent)
    );
  END IF;
  FOR exposed IN
    SELECT child.oid::regclass AS partition,
      EXISTS (SELECT FROM pg_policy WHERE polrelid = child.oid AND polname = policy.polname) AS has_policy,
      pg_get_expr(policy.polqual, policy.polrelid) AS visible,
      pg_get_expr(policy.polwithcheck, policy.polrelid) AS writable
    FROM pg_inherits
    JOIN pg_class AS child ON child.oid = inhrelid
    JOIN pg_class AS parent ON parent.oid = inhparent
    JOIN pg_policy AS policy ON policy.polrelid = parent.oid AND policy.polname = 'tenant_isolation'
    WHERE child.oid = ANY (partitions) AND parent.relrowsecurity AND parent.relforcerowsecurity
      AND NOT (child.relrowsecurity AND child.relforcerowsecurity)
  LOOP
    -- The policy first: a partition of partitions then isolates its own when its row security is forced.
    IF NOT exposed.has_policy THEN
      EXECUTE format('CREATE POLICY tenant_isolation ON %s USING (%s) WITH CHECK (%s)',
        exposed.partition, exposed.visible, coalesce(exposed.writable, exposed.visible));
    END IF;
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', exposed.partition);
  END LOOP;
  -- Whoever adds partitions to a guarded set owns it, and may read this table; others needn't ask.
  IF has_table_privilege('tenantry.guarded_partition_set', 'SELECT') THEN
    PERFORM FROM tenantry.guarded_partition_set JOIN pg_inherits ON inhparent = parent WHERE inhrelid = ANY (partitions);
    IF FOUND THEN
      BEGIN
        PERFORM tenantry.drop_passed_partitions();
      EXCEPTION WHEN OTHERS THEN
        RAISE WARNING 'tenantry: the retention did not run: %', SQLERRM;
      END;
    END IF;
  END IF;
END
$$;

-- Made anew only when it is missing: nothing is unguarded in between, and a second run takes no lock.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtname = 'tenantry_isolate_partitions') THEN
    CREATE EVENT TRIGGER tenantry_isolate_partitions ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')
      EXECUTE FUNCTION tenantry.isolate_partitions();
  END IF;
END
$$;
