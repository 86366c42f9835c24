-- Citus' settings and shard catalogs. Does nothing on plain PostgreSQL.
DO $$
DECLARE
  maintainer name;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus') THEN
    RETURN;
  END IF;
  -- Without this the setting app.tenant_id stays on the coordinator, and row level security on the workers hides every
  -- row. It reaches nodes that join later too.
  EXECUTE pg_catalog.format(
    'ALTER DATABASE %I SET citus.propagate_set_commands = ''local''', pg_catalog.current_database()
  );
  -- pg_partman looks for a table's newest row and then makes a partition, in one transaction. Citus refuses that for a
  -- table that refers to a reference table, unless the session keeps to one connection a node: the background worker's,
  -- and ours, for maintenance that is called by hand or by pg_cron.
  FOR maintainer IN
    SELECT current_user UNION SELECT pg_catalog.current_setting('pg_partman_bgw.role', true)::name
  LOOP
    CONTINUE WHEN maintainer IS NULL;
    EXECUTE pg_catalog.format(
      'ALTER ROLE %I IN DATABASE %I SET citus.multi_shard_modify_mode = ''sequential''',
      maintainer, pg_catalog.current_database()
    );
  END LOOP;
END
$$;
