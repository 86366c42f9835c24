-- Without this the setting app.tenant_id stays on the coordinator, and row level security on the workers hides every row.
-- It reaches nodes that join later too. Nothing to do on plain PostgreSQL.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus') THEN
    EXECUTE pg_catalog.format(
      'ALTER DATABASE %I SET citus.propagate_set_commands = ''local''', pg_catalog.current_database()
    );
  END IF;
END
$$;
