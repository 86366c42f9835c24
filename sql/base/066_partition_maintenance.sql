-- Maintenance that one set cannot stop for the others. pg_partman's own runs through all sets and ends with the first
-- error: a table that was dropped, a lock, a name that is taken, and the outbox runs out of days.

-- How it went last, set by set.
CREATE TABLE IF NOT EXISTS tenantry.partition_maintenance (
  -- As pg_partman names it: SCHEMA.TABLE.
  set_name text PRIMARY KEY,
  succeeded_at timestamptz,
  failed_at timestamptz,
  -- Null: the last run succeeded.
  error text
);
GRANT SELECT ON tenantry.partition_maintenance TO pg_monitor;

-- Makes the partitions that a set lacks, and drops those past its retention. Ends with an error if one of them fails.
CREATE OR REPLACE FUNCTION tenantry.maintain_partition_set(set_name text, jobmon boolean DEFAULT true) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM tenantry.reopen_partitions();
  PERFORM tenantry.make_partitions(set_name);
  PERFORM tenantry.drop_old_partitions(set_name, jobmon);
  PERFORM tenantry.note_maintenance(set_name, NULL);
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.maintain_partition_set(text, boolean) FROM PUBLIC;

-- The same with each error noted and told as a warning: what is made stays also where nothing can be dropped.
CREATE OR REPLACE FUNCTION tenantry.try_partition_set(set_name text, jobmon boolean DEFAULT true) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
  SET lock_timeout = '2s'
AS $$
DECLARE
  failure text;
BEGIN
  BEGIN
    PERFORM tenantry.make_partitions(set_name);
    SELECT string_agg(fault, '; ') INTO failure FROM tenantry.partition_faults(set_name) AS fault;
  EXCEPTION WHEN OTHERS THEN
    failure := SQLERRM;
  END;
  BEGIN
    PERFORM tenantry.drop_old_partitions(set_name, jobmon);
  EXCEPTION WHEN OTHERS THEN
    failure := coalesce(failure, SQLERRM);
  END;
  PERFORM tenantry.note_maintenance(set_name, failure);
  IF failure IS NOT NULL THEN
    RAISE WARNING 'tenantry: the partitions of % were not maintained: %', set_name, failure;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.try_partition_set(text, boolean) FROM PUBLIC;

CREATE OR REPLACE FUNCTION tenantry.note_maintenance(set_name text, failure text) RETURNS void
  LANGUAGE sql
  SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO tenantry.partition_maintenance AS noted (set_name, succeeded_at, failed_at, error)
  VALUES (
    note_maintenance.set_name, CASE WHEN failure IS NULL THEN now() END, CASE WHEN failure IS NOT NULL THEN now() END, failure
  )
  ON CONFLICT (set_name) DO UPDATE SET succeeded_at = coalesce(excluded.succeeded_at, noted.succeeded_at),
    failed_at = coalesce(excluded.failed_at, noted.failed_at), error = excluded.error
$$;
REVOKE EXECUTE ON FUNCTION tenantry.note_maintenance(text, text) FROM PUBLIC;

-- The retention that pg_partman keeps, by the time that is trusted; for a set that is not by time, all that pg_partman does.
CREATE OR REPLACE FUNCTION tenantry.drop_old_partitions(set_name text, jobmon boolean) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
DECLARE
  partman CONSTANT name := tenantry.partman_schema();
  is_kept_for_ever boolean;
BEGIN
  IF NOT (tenantry.partition_set(set_name)).is_by_time THEN
    PERFORM tenantry.partman_run_maintenance(set_name, false, jobmon);
    RETURN;
  END IF;
  EXECUTE format('SELECT retention IS NULL FROM %I.part_config WHERE parent_table = $1', partman)
    INTO is_kept_for_ever USING set_name;
  IF NOT is_kept_for_ever THEN
    EXECUTE format('SELECT %I.drop_partition_time($1, p_reference_timestamp => $2)', partman)
      USING set_name, least(now(), tenantry.trusted_now());
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.drop_old_partitions(text, boolean) FROM PUBLIC;

-- The sets that maintenance runs for by itself.
CREATE OR REPLACE FUNCTION tenantry.maintained_sets() RETURNS SETOF text
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY EXECUTE format(
    'SELECT parent_table FROM %I.part_config WHERE automatic_maintenance = ''on'' AND NOT undo_in_progress ORDER BY 1',
    tenantry.partman_schema()
  );
END
$$;

-- One round for all sets, or for the one that is named; that one's error is the caller's, and it waits for a running round.
CREATE OR REPLACE FUNCTION tenantry.maintain_partitions(set_name text DEFAULT NULL, jobmon boolean DEFAULT true) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  lock CONSTANT integer := hashtext('pg_partman run_maintenance');
  each text;
BEGIN
  IF pg_is_in_recovery() THEN
    RETURN;
  ELSIF set_name IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(lock);
    PERFORM tenantry.maintain_partition_set(set_name, jobmon);
  ELSIF pg_try_advisory_xact_lock(lock) THEN
    PERFORM tenantry.reopen_partitions();
    FOR each IN SELECT * FROM tenantry.maintained_sets() LOOP
      PERFORM tenantry.try_partition_set(each, jobmon);
    END LOOP;
    PERFORM tenantry.end_maintenance();
  ELSE
    RAISE NOTICE 'maintenance of partitions runs already';
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.maintain_partitions(text, boolean) FROM PUBLIC;

-- Behind the last set: the sets that slots guard, and what is known of sets that are no more.
CREATE OR REPLACE FUNCTION tenantry.end_maintenance() RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM tenantry.partition_maintenance AS noted
  WHERE noted.set_name NOT IN (SELECT * FROM tenantry.maintained_sets());
  PERFORM tenantry.drop_passed_partitions();
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'tenantry: the retention did not run: %', SQLERRM;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.end_maintenance() FROM PUBLIC;

-- The routines of pg_partman that are not as they must be: those that maintenance enters by, and those that reckon in the
-- session's time zone.
CREATE OR REPLACE FUNCTION tenantry.foreign_partman_routines() RETURNS TABLE (routine regprocedure, reason text)
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pg_proc.oid::regprocedure, wrong.reason
  FROM pg_extension
  JOIN pg_depend ON refclassid = 'pg_extension'::regclass AND refobjid = pg_extension.oid
  JOIN pg_proc ON classid = 'pg_proc'::regclass AND objid = pg_proc.oid
  CROSS JOIN LATERAL (
    SELECT 'entrance' WHERE proname IN ('run_maintenance', 'run_maintenance_proc') AND prosrc NOT LIKE '%tenantry.%'
    UNION ALL
    SELECT 'time zone' WHERE prokind = 'f' AND prorettype <> 'trigger'::regtype
      AND NOT coalesce(proconfig, '{}') @> '{TimeZone=UTC}'
  ) AS wrong (reason)
  WHERE extname = 'pg_partman' AND deptype = 'e'
$$;

-- Puts this behind what pg_partman's worker, pg_cron and people call, and has pg_partman reckon in UTC whoever calls it:
-- by the session's time zone two callers give one partition two names, and days two lengths. An update of the extension
-- brings its own back: PartitionSet shows that as maintenance that is off, and calls this again.
CREATE OR REPLACE FUNCTION tenantry.take_over_partman() RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  function_body CONSTANT text := 'BEGIN PERFORM tenantry.maintain_partitions(p_parent_table, p_jobmon); END';
  -- With a COMMIT behind each set, so that no set's locks outlast its own turn.
  procedure_body CONSTANT text := $body$
DECLARE
  lock CONSTANT integer := pg_catalog.hashtext('pg_partman run_maintenance');
  each text;
BEGIN
  IF pg_catalog.pg_is_in_recovery() OR NOT pg_catalog.pg_try_advisory_lock(lock) THEN
    RETURN;
  END IF;
  PERFORM tenantry.reopen_partitions();
  FOR each IN SELECT * FROM tenantry.maintained_sets() LOOP
    PERFORM tenantry.try_partition_set(each, p_jobmon);
    COMMIT;
    PERFORM pg_catalog.pg_sleep(p_wait);
  END LOOP;
  PERFORM tenantry.end_maintenance();
  -- pg_partman's worker may end in an error behind the last statement, as with PostgreSQL 17.12, which would undo this.
  COMMIT;
  PERFORM pg_catalog.pg_advisory_unlock(lock);
END
$body$;
  entrance record;
  maintainer name;
BEGIN
  FOR entrance IN
    SELECT pg_proc.oid, prokind, format('%s(%s)', routine::regproc, pg_get_function_arguments(routine)) AS signature
    FROM tenantry.foreign_partman_routines() JOIN pg_proc ON pg_proc.oid = routine WHERE reason = 'entrance'
  LOOP
    IF entrance.prokind = 'p' THEN
      EXECUTE format('CREATE OR REPLACE PROCEDURE %s LANGUAGE plpgsql AS %L', entrance.signature, procedure_body);
    ELSE
      -- Sets that are not by time go on as pg_partman means it.
      EXECUTE regexp_replace(
        pg_get_functiondef(entrance.oid), 'FUNCTION [^(]+\(', 'FUNCTION tenantry.partman_run_maintenance('
      );
      REVOKE EXECUTE ON FUNCTION tenantry.partman_run_maintenance(text, boolean, boolean) FROM PUBLIC;
      EXECUTE format('CREATE OR REPLACE FUNCTION %s RETURNS void LANGUAGE plpgsql AS %L', entrance.signature, function_body);
    END IF;
  END LOOP;
  FOR entrance IN SELECT routine FROM tenantry.foreign_partman_routines() WHERE reason = 'time zone' LOOP
    EXECUTE format('ALTER FUNCTION %s SET timezone = ''UTC''', entrance.routine);
  END LOOP;
  -- The worker's role may be another than the one that owns all this.
  FOR maintainer IN
    SELECT rolname FROM pg_roles
    WHERE rolname = current_setting('pg_partman_bgw.role', true) AND rolname <> current_user AND NOT rolsuper
  LOOP
    EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA tenantry TO %I', maintainer);
    EXECUTE format(
      'GRANT SELECT, INSERT, UPDATE, DELETE ON tenantry.partition_clock, tenantry.partition_maintenance, '
        'tenantry.guarded_partition_set, tenantry.closed_partition TO %I', maintainer
    );
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.take_over_partman() FROM PUBLIC;

DO $$
BEGIN
  PERFORM tenantry.take_over_partman();
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'pg_partman goes on by itself, as it belongs to another role: %', SQLERRM
    USING HINT = 'Have its owner run SELECT tenantry.take_over_partman(), or make that role a member of it.';
END
$$;
