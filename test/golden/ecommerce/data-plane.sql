-- Migration base/010_schema
BEGIN;
CREATE SCHEMA IF NOT EXISTS tenantry;
GRANT USAGE ON SCHEMA tenantry TO PUBLIC;
COMMIT;

-- Migration base/020_citus
BEGIN;
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
COMMIT;

-- Migration base/030_tenant_context
BEGIN;
CREATE OR REPLACE FUNCTION tenantry.set_tenant(tenant uuid) RETURNS void
  LANGUAGE plpgsql
AS $$
BEGIN
  IF tenant IS NULL THEN
    RAISE EXCEPTION 'set_tenant: the tenant is null'
      USING ERRCODE = 'null_value_not_allowed', HINT = 'Pass the id of the tenant that the request belongs to.';
  END IF;
  IF pg_catalog.current_setting('citus.propagate_set_commands', true) OPERATOR(pg_catalog.=) 'local' THEN
    EXECUTE pg_catalog.format('SET LOCAL app.tenant_id = %L', tenant);
  ELSE
    PERFORM pg_catalog.set_config('app.tenant_id', tenant::pg_catalog.text, true);
  END IF;
END
$$;
CREATE OR REPLACE FUNCTION tenantry.current_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN CAST(nullif(current_setting('app.tenant_id', true), '') AS uuid);
CREATE OR REPLACE FUNCTION tenantry.require_tenant(tenant uuid) RETURNS void
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF tenant = tenantry.current_tenant() THEN
    RETURN;
  END IF;
  RAISE EXCEPTION 'tenant % is not the tenant of this transaction (%)',
      coalesce(tenant::text, 'null'), coalesce(tenantry.current_tenant()::text, 'none is set')
    USING ERRCODE = 'insufficient_privilege',
      HINT = 'Call tenantry.set_tenant(tenant) first, in the same transaction, with the same tenant.';
END
$$;
COMMIT;

-- Migration base/040_emit
BEGIN;
CREATE OR REPLACE FUNCTION "tenantry".emit(
  tenant uuid, aggregate_type text, aggregate_id text, type text, payload jsonb
) RETURNS uuid
  LANGUAGE plpgsql
AS $$
DECLARE
  event_id CONSTANT uuid := pg_catalog.gen_random_uuid();
BEGIN
  IF (tenant OPERATOR(pg_catalog.=) tenantry.current_tenant()) IS NOT TRUE THEN
    PERFORM tenantry.require_tenant(tenant);
  END IF;
  INSERT INTO "tenantry".outbox ("tenant_id", id, aggregate_type, aggregate_id, type, payload)
  VALUES (tenant, event_id, aggregate_type, aggregate_id, type, payload);
  RETURN event_id;
END
$$;
COMMIT;

-- Migration base/050_process_once
BEGIN;
CREATE OR REPLACE FUNCTION "tenantry".process_once(tenant uuid, consumer text, event_id uuid) RETURNS boolean
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  is_first boolean;
BEGIN
  PERFORM tenantry.require_tenant(tenant);
  INSERT INTO "tenantry".processed_events ("tenant_id", consumer, event_id) VALUES (tenant, consumer, event_id)
  ON CONFLICT DO NOTHING;
  is_first := FOUND;
  -- Tenants with many events forget as many: one call in 256 removes up to 512 marks past their retention.
  IF is_first AND random() < 1.0 / 256 AND has_table_privilege('"tenantry".processed_events', 'DELETE') THEN
    PERFORM "tenantry".forget_processed(tenant, 512);
  END IF;
  RETURN is_first;
END
$$;
CREATE OR REPLACE FUNCTION "tenantry".forget_processed(tenant uuid, batch integer) RETURNS bigint
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  forgotten bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('tenantry.forget_processed'), hashtext(tenant::text)) THEN
    RETURN 0;
  END IF;
  DELETE FROM "tenantry".processed_events AS mark
  WHERE mark."tenant_id" = forget_processed.tenant AND (mark.consumer, mark.event_id) IN (
    SELECT old.consumer, old.event_id FROM "tenantry".processed_events AS old
    WHERE old."tenant_id" = forget_processed.tenant AND old.processed_at < now() - tenantry.processed_events_retention()
    ORDER BY old.processed_at LIMIT batch
  );
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END
$$;
CREATE OR REPLACE FUNCTION "tenantry".prune_processed_events(batch integer DEFAULT 10000) RETURNS bigint
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  forgotten bigint;
BEGIN
  DELETE FROM "tenantry".processed_events AS mark
  WHERE (mark."tenant_id", mark.consumer, mark.event_id) IN (
    SELECT old."tenant_id", old.consumer, old.event_id FROM "tenantry".processed_events AS old
    WHERE old.processed_at < now() - tenantry.processed_events_retention() LIMIT batch
  );
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END
$$;
REVOKE EXECUTE ON FUNCTION "tenantry".prune_processed_events(integer) FROM PUBLIC;
COMMIT;

-- Migration base/055_partition_clock
BEGIN;
CREATE TABLE IF NOT EXISTS tenantry.partition_clock (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  -- The time when maintenance last looked at the clock, as the clock said.
  seen_at timestamptz NOT NULL DEFAULT now(),
  -- The last time that was believed.
  believed_at timestamptz NOT NULL DEFAULT now(),
  -- The first time behind a leap that is not believed yet.
  doubted_since timestamptz
);
INSERT INTO tenantry.partition_clock DEFAULT VALUES ON CONFLICT DO NOTHING;
GRANT SELECT ON tenantry.partition_clock TO pg_monitor;
CREATE OR REPLACE FUNCTION tenantry.trusted_now() RETURNS timestamptz
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  leap CONSTANT interval := '2 days';
  proof CONSTANT interval := '1 day';
  clock tenantry.partition_clock;
BEGIN
  SELECT * INTO clock FROM tenantry.partition_clock FOR UPDATE SKIP LOCKED;
  -- Another session looks right now: what was believed before it is as good.
  IF NOT FOUND THEN
    RETURN (SELECT believed_at FROM tenantry.partition_clock);
  END IF;
  IF now() <= clock.believed_at + leap THEN
    clock.doubted_since := NULL;
  ELSIF clock.doubted_since IS NULL OR now() < clock.doubted_since OR now() > clock.seen_at + leap THEN
    clock.doubted_since := now();
  ELSIF now() >= clock.doubted_since + proof THEN
    clock.doubted_since := NULL;
  END IF;
  IF clock.doubted_since IS NULL THEN
    clock.believed_at := now();
  END IF;
  UPDATE tenantry.partition_clock
  SET seen_at = now(), believed_at = clock.believed_at, doubted_since = clock.doubted_since;
  RETURN clock.believed_at;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.trusted_now() FROM PUBLIC;
COMMIT;

-- Migration base/060_partition_retention
BEGIN;
CREATE TABLE IF NOT EXISTS tenantry.guarded_partition_set (
  parent regclass PRIMARY KEY,
  -- How long a partition stays after its upper bound has passed.
  retention interval NOT NULL CHECK (retention > interval '0')
);
CREATE TABLE IF NOT EXISTS tenantry.closed_partition (
  partition regclass,
  -- Citus' group of the node; 0 is the coordinator, or the one server of plain PostgreSQL.
  node integer,
  lsn pg_lsn NOT NULL,
  closed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partition, node)
);
CREATE OR REPLACE FUNCTION tenantry.outbox_slot_prefix() RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN 'ecommerce' || '_outbox_';
CREATE OR REPLACE FUNCTION tenantry.replication_positions()
  RETURNS TABLE (node integer, name text, holds_shards boolean, lsn pg_lsn, slots jsonb)
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  question CONSTANT text := format(
    'SELECT json_build_object(''lsn'', pg_current_wal_insert_lsn(), ''slots'', ('
      'SELECT coalesce(json_object_agg(slot_name, confirmed_flush_lsn), ''{}'') FROM pg_catalog.pg_replication_slots '
      'WHERE slot_type = ''logical'' AND database = current_database() AND starts_with(slot_name::text, %L)))',
    tenantry.outbox_slot_prefix()
  );
  has_citus CONSTANT boolean := EXISTS (SELECT FROM pg_extension WHERE extname = 'citus');
  answer record;
BEGIN
  EXECUTE question INTO answer;
  node := 0;
  name := 'coordinator';
  holds_shards := true;
  IF has_citus THEN
    EXECUTE 'SELECT coalesce(bool_or(shouldhaveshards), false) FROM pg_dist_node WHERE groupid = 0' INTO holds_shards;
  END IF;
  lsn := answer.json_build_object ->> 'lsn';
  slots := answer.json_build_object -> 'slots';
  RETURN NEXT;
  IF NOT has_citus THEN
    RETURN;
  END IF;
  FOR answer IN EXECUTE
    'SELECT n.groupid, n.nodename, n.nodeport, n.shouldhaveshards, a.success, a.result '
      'FROM run_command_on_workers($1) AS a JOIN pg_dist_node AS n USING (nodename, nodeport)'
    USING question
  LOOP
    name := format('%s:%s', answer.nodename, answer.nodeport);
    IF NOT answer.success THEN
      RAISE EXCEPTION 'cannot ask node % for its replication slots: %', name, answer.result;
    END IF;
    node := answer.groupid;
    holds_shards := answer.shouldhaveshards;
    lsn := answer.result::jsonb ->> 'lsn';
    slots := answer.result::jsonb -> 'slots';
    RETURN NEXT;
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.replication_positions() FROM PUBLIC;
CREATE OR REPLACE FUNCTION tenantry.guarded_partitions()
  RETURNS TABLE (
    parent regclass, partition regclass, ends_at timestamptz, closes_at timestamptz, due_at timestamptz,
    closed_at timestamptz, is_last boolean
  )
  LANGUAGE sql STABLE
  -- Bounds are written and read here in one and the same way, whatever the session has set.
  SET search_path = pg_catalog, pg_temp
  SET "DateStyle" = 'ISO'
AS $$
  SELECT guarded.parent, child.oid::regclass, bound.ends_at,
    -- A transaction that is open for a day after the partition's last moment can no longer write to it.
    bound.ends_at + least(guarded.retention, interval '1 day'),
    bound.ends_at + guarded.retention,
    (SELECT min(closed.closed_at) FROM tenantry.closed_partition AS closed WHERE closed.partition = child.oid),
    bound.ends_at = max(bound.ends_at) OVER (PARTITION BY guarded.parent)
  FROM tenantry.guarded_partition_set AS guarded
  JOIN pg_inherits AS inheritance ON inheritance.inhparent = guarded.parent
  JOIN pg_class AS child ON child.oid = inheritance.inhrelid
  CROSS JOIN LATERAL (
    SELECT CAST(substring(pg_get_expr(child.relpartbound, child.oid) FROM 'TO \(''([^'']+)''\)') AS timestamptz)
  ) AS bound (ends_at)
  WHERE bound.ends_at IS NOT NULL
$$;
REVOKE EXECUTE ON FUNCTION tenantry.guarded_partitions() FROM PUBLIC;
CREATE OR REPLACE FUNCTION tenantry.closed_too_early() RETURNS TABLE (parent regclass, partition regclass)
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT guarded.parent, guarded.partition
  FROM tenantry.guarded_partitions() AS guarded
  WHERE guarded.closes_at > now() AND (
    guarded.closed_at IS NOT NULL
    OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = guarded.partition AND conname = 'partition_is_closed')
  )
  ORDER BY guarded.ends_at
$$;
REVOKE EXECUTE ON FUNCTION tenantry.closed_too_early() FROM PUBLIC;
CREATE OR REPLACE FUNCTION tenantry.unread_parts(closed_partition regclass) RETURNS SETOF text
  LANGUAGE sql
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
      WHEN slot.key IS NULL THEN format('node %s has no slot %s…', node.name, tenantry.outbox_slot_prefix())
      ELSE format('slot %s has confirmed %s, and must pass %s', slot.key, coalesce(slot.value, 'nothing'), closed.lsn)
    END
  FROM tenantry.closed_partition AS closed
  JOIN tenantry.replication_positions() AS node ON node.node = closed.node
  LEFT JOIN LATERAL jsonb_each_text(node.slots) AS slot ON true
  WHERE closed.partition = closed_partition
    AND (slot.value IS NULL OR slot.value::pg_lsn < closed.lsn)
  ORDER BY node.name, slot.key
$$;
REVOKE EXECUTE ON FUNCTION tenantry.unread_parts(regclass) FROM PUBLIC;
CREATE OR REPLACE VIEW tenantry.partition_retention AS
SELECT parent, partition, ends_at, due_at, closed_at,
  CASE
    WHEN due_at > now() THEN NULL
    WHEN is_last THEN 'it is the last partition of its set'
    WHEN closed_at IS NULL THEN 'it is not closed yet'
    ELSE (SELECT string_agg(reason, '; ') FROM tenantry.unread_parts(partition) AS reason)
  END AS held_back_by
FROM tenantry.guarded_partitions();
CREATE OR REPLACE FUNCTION tenantry.close_partition(partition regclass) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- Citus makes tables anew for another number of shards: with the constraint, and unknown to us.
  IF NOT EXISTS (
    SELECT FROM pg_constraint WHERE conrelid = close_partition.partition AND conname = 'partition_is_closed'
  ) THEN
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT partition_is_closed CHECK (false) NOT VALID', partition);
  END IF;
  INSERT INTO tenantry.closed_partition (partition, node, lsn)
  SELECT close_partition.partition, node.node, node.lsn
  FROM tenantry.replication_positions() AS node
  WHERE node.holds_shards OR node.slots <> '{}';
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.close_partition(regclass) FROM PUBLIC;
CREATE OR REPLACE FUNCTION tenantry.reopen_partitions() RETURNS integer
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
  SET lock_timeout = '2s'
AS $$
DECLARE
  closed record;
  opened integer := 0;
BEGIN
  FOR closed IN SELECT * FROM tenantry.closed_too_early() LOOP
    BEGIN
      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS partition_is_closed', closed.partition);
      DELETE FROM tenantry.closed_partition AS position WHERE position.partition = closed.partition;
      opened := opened + 1;
    EXCEPTION WHEN lock_not_available THEN
      RAISE NOTICE 'partition % is in use; the next run tries again', closed.partition;
    END;
  END LOOP;
  RETURN opened;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'tenantry: closed partitions could not be opened again: %', SQLERRM;
  RETURN 0;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.reopen_partitions() FROM PUBLIC;
CREATE OR REPLACE FUNCTION tenantry.drop_passed_partitions() RETURNS integer
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
  SET lock_timeout = '2s'
AS $$
DECLARE
  guarded record;
  reasons text;
  dropped integer := 0;
  trusted timestamptz;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('tenantry.drop_passed_partitions')) THEN
    RETURN 0;
  END IF;
  PERFORM tenantry.reopen_partitions();
  trusted := least(now(), tenantry.trusted_now());
  DELETE FROM tenantry.closed_partition AS closed
  WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = closed.partition);
  FOR guarded IN
    SELECT * FROM tenantry.guarded_partitions() WHERE closes_at <= trusted AND NOT is_last ORDER BY ends_at
  LOOP
    BEGIN
      IF guarded.closed_at IS NULL THEN
        PERFORM tenantry.close_partition(guarded.partition);
      END IF;
      CONTINUE WHEN guarded.due_at > trusted;
      SELECT string_agg(reason, '; ') INTO reasons FROM tenantry.unread_parts(guarded.partition) AS reason;
      IF reasons IS NOT NULL THEN
        RAISE NOTICE 'partition % is past its retention, and kept: %', guarded.partition, reasons;
        CONTINUE;
      END IF;
      EXECUTE format('DROP TABLE %s', guarded.partition);
      DELETE FROM tenantry.closed_partition AS closed WHERE closed.partition = guarded.partition;
      dropped := dropped + 1;
    EXCEPTION WHEN lock_not_available THEN
      RAISE NOTICE 'partition % is in use; the next run tries again', guarded.partition;
    END;
  END LOOP;
  RETURN dropped;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.drop_passed_partitions() FROM PUBLIC;
COMMIT;

-- Migration base/064_partition_periods
BEGIN;
CREATE OR REPLACE FUNCTION tenantry.partition_set(
  set_name text,
  OUT relation regclass, OUT is_by_time boolean, OUT every interval, OUT ahead integer, OUT name_format text,
  -- How long rows are kept at least; null: for ever.
  OUT retention interval
)
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  config jsonb;
BEGIN
  EXECUTE format('SELECT to_jsonb(config) FROM %I.part_config AS config WHERE parent_table = $1', tenantry.partman_schema())
    INTO config USING set_name;
  IF config IS NULL THEN
    RAISE EXCEPTION 'pg_partman keeps no partitions of %', set_name;
  END IF;
  relation := to_regclass(format('%I.%I', split_part(set_name, '.', 1), split_part(set_name, '.', 2)));
  IF relation IS NULL THEN
    RAISE EXCEPTION 'the table is gone, and pg_partman still keeps it: DELETE FROM %.part_config WHERE parent_table = %',
      quote_ident(tenantry.partman_schema()), quote_literal(set_name);
  END IF;
  is_by_time := config ->> 'epoch' = 'none' AND EXISTS (
    SELECT FROM pg_partitioned_table
    JOIN pg_attribute ON attrelid = partrelid AND attnum = partattrs[0] AND attname = config ->> 'control'
    WHERE partrelid = relation AND partstrat = 'r' AND partnatts = 1
      AND atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
  );
  IF is_by_time THEN
    every := config ->> 'partition_interval';
    ahead := config ->> 'premake';
    name_format := config ->> 'datetime_string';
    retention := coalesce(
      CAST(config ->> 'retention' AS interval),
      (SELECT guarded.retention FROM tenantry.guarded_partition_set AS guarded WHERE guarded.parent = relation)
    );
  END IF;
END
$$;
CREATE OR REPLACE FUNCTION tenantry.partman_schema() RETURNS name
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_partman'
$$;
CREATE OR REPLACE FUNCTION tenantry.partition_periods(relation regclass)
  RETURNS TABLE (partition regclass, period tstzrange)
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
  SET "DateStyle" = 'ISO'
  SET timezone = 'UTC'
AS $$
  SELECT child.oid::regclass, tstzrange(
    CAST(substring(bound FROM 'FROM \(''([^'']+)''\)') AS timestamptz),
    CAST(substring(bound FROM 'TO \(''([^'']+)''\)') AS timestamptz)
  )
  FROM pg_inherits
  JOIN pg_class AS child ON child.oid = inhrelid
  CROSS JOIN pg_get_expr(child.relpartbound, child.oid) AS bound
  WHERE inhparent = relation AND bound LIKE 'FOR VALUES FROM %' AND NOT inhdetachpending
$$;
CREATE OR REPLACE FUNCTION tenantry.missing_periods(set_name text, slack interval DEFAULT '0') RETURNS SETOF tstzrange
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
DECLARE
  kept CONSTANT record := tenantry.partition_set(set_name);
  begins timestamptz;
  ends timestamptz;
  covered tstzmultirange;
BEGIN
  IF NOT kept.is_by_time THEN
    RETURN;
  END IF;
  SELECT least(min(lower(period)), now()), range_agg(period) INTO begins, covered
  FROM tenantry.partition_periods(kept.relation);
  -- Intervals are compared before one is subtracted: a retention may reach beyond the first timestamp that there is.
  begins := greatest(begins, now() - least(kept.ahead * kept.every, kept.retention));
  ends := greatest(now() + kept.ahead * kept.every - slack, now());
  RETURN QUERY SELECT missing
  FROM unnest(tstzmultirange(tstzrange(begins, ends, '[]')) - coalesce(covered, '{}')) AS missing;
END
$$;
CREATE OR REPLACE FUNCTION tenantry.make_partitions(set_name text) RETURNS integer
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
DECLARE
  kept CONSTANT record := tenantry.partition_set(set_name);
  missing tstzrange;
  starts timestamptz;
  ends timestamptz;
  border timestamptz;
  made integer := 0;
BEGIN
  FOR missing IN SELECT * FROM tenantry.missing_periods(set_name) AS missing ORDER BY missing LOOP
    SELECT max(upper(period)) FILTER (WHERE upper(period) <= lower(missing)),
      min(lower(period)) FILTER (WHERE lower(period) >= upper(missing))
    INTO starts, border
    FROM tenantry.partition_periods(kept.relation);
    -- Partitions begin where the one before ends, or whole lengths from it.
    IF starts IS NULL THEN
      starts := coalesce(border, date_trunc(
        CASE
          WHEN kept.every >= '1 year' THEN 'year' WHEN kept.every >= '1 month' THEN 'month'
          WHEN kept.every >= '7 days' THEN 'week' WHEN kept.every >= '1 day' THEN 'day' ELSE 'hour'
        END, lower(missing)));
      WHILE starts > lower(missing) LOOP
        starts := starts - kept.every;
      END LOOP;
    END IF;
    WHILE starts + kept.every <= lower(missing) LOOP
      starts := starts + kept.every;
    END LOOP;
    WHILE starts < coalesce(border, 'infinity') AND starts <= upper(missing) LOOP
      ends := least(starts + kept.every, border);
      PERFORM tenantry.make_partition(set_name, starts, ends);
      made := made + 1;
      starts := ends;
    END LOOP;
  END LOOP;
  RETURN made;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.make_partitions(text) FROM PUBLIC;
CREATE OR REPLACE FUNCTION tenantry.make_partition(set_name text, starts timestamptz, ends timestamptz) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
DECLARE
  partman CONSTANT name := tenantry.partman_schema();
  kept CONSTANT record := tenantry.partition_set(set_name);
  is_old CONSTANT boolean := (SELECT extversion LIKE '4.%' FROM pg_extension WHERE extname = 'pg_partman');
  name_format text := kept.name_format;
  is_made boolean;
BEGIN
  IF tenantry.partition_named(set_name, starts, name_format) IS NOT NULL THEN
    PERFORM tenantry.rename_partitions(set_name);
  END IF;
  IF tenantry.partition_named(set_name, starts, name_format) IS NOT NULL THEN
    name_format := 'YYYYMMDD_HH24MISS';
  END IF;
  IF tenantry.partition_named(set_name, starts, name_format) IS NOT NULL THEN
    RAISE EXCEPTION 'the partition of % for % to % cannot be made: % has its name',
      set_name, starts, ends, tenantry.partition_named(set_name, starts, name_format)
      USING HINT = 'Rename that table, or the one that is partitioned: pg_partman cuts long names.';
  END IF;
  -- pg_partman knows one length and one form of names a set: they are lent to it for this partition.
  EXECUTE format('UPDATE %I.part_config SET partition_interval = $2, datetime_string = $3 WHERE parent_table = $1', partman)
    USING set_name, (CASE WHEN ends = starts + kept.every THEN kept.every ELSE ends - starts END)::text, name_format;
  EXECUTE format('SELECT %I.create_partition_time($1, ARRAY[$2]%s)', partman, CASE WHEN is_old THEN ', false' END)
    INTO is_made USING set_name, starts;
  EXECUTE format('UPDATE %I.part_config SET partition_interval = $2, datetime_string = $3 WHERE parent_table = $1', partman)
    USING set_name, kept.every::text, kept.name_format;
  IF NOT is_made THEN
    RAISE EXCEPTION 'pg_partman made no partition of % for % to %', set_name, starts, ends;
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.make_partition(text, timestamptz, timestamptz) FROM PUBLIC;
CREATE OR REPLACE FUNCTION tenantry.partition_name(set_name text, starts timestamptz, name_format text) RETURNS name
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
DECLARE
  found name;
BEGIN
  EXECUTE format('SELECT %I.check_name_length($1, $2, true)', tenantry.partman_schema())
    INTO found USING split_part(set_name, '.', 2), to_char(starts, name_format);
  RETURN found;
END
$$;
CREATE OR REPLACE FUNCTION tenantry.partition_named(set_name text, starts timestamptz, name_format text) RETURNS regclass
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT to_regclass(format('%I.%I', split_part(set_name, '.', 1), tenantry.partition_name(set_name, starts, name_format)))
$$;
CREATE OR REPLACE FUNCTION tenantry.rename_partitions(set_name text) RETURNS integer
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
DECLARE
  kept CONSTANT record := tenantry.partition_set(set_name);
  misnamed record;
  aside text[] := '{}';
BEGIN
  FOR misnamed IN
    SELECT child.oid, child.oid::regclass AS partition, named.wanted
    FROM (
      SELECT partition, tenantry.partition_name(set_name, lower(period), kept.name_format) AS wanted,
        count(*) OVER (PARTITION BY tenantry.partition_name(set_name, lower(period), kept.name_format)) AS claims
      FROM tenantry.partition_periods(kept.relation) WHERE NOT lower_inf(period)
    ) AS named
    JOIN pg_class AS child ON child.oid = named.partition
    -- Those that somebody made by hand keep the names that they were given.
    WHERE child.relname <> named.wanted AND named.claims = 1
      AND regexp_replace(child.relname, '\d', '0', 'g') = regexp_replace(named.wanted, '\d', '0', 'g')
  LOOP
    EXECUTE format('ALTER TABLE %s RENAME TO %I', misnamed.partition, 'tenantry_' || misnamed.oid);
    aside := aside || ARRAY[misnamed.oid::text, misnamed.wanted::text];
  END LOOP;
  FOR i IN 1 .. coalesce(array_length(aside, 1), 0) BY 2 LOOP
    EXECUTE format('ALTER TABLE %s RENAME TO %I', aside[i]::oid::regclass, aside[i + 1]);
  END LOOP;
  RETURN coalesce(array_length(aside, 1), 0) / 2;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.rename_partitions(text) FROM PUBLIC;
CREATE OR REPLACE FUNCTION tenantry.partition_faults(set_name text) RETURNS SETOF text
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
  SET "DateStyle" = 'ISO'
AS $$
BEGIN
  RETURN QUERY SELECT format('no partition takes rows from %s to %s', lower(missing), upper(missing))
  FROM tenantry.missing_periods(set_name, '1 hour') AS missing ORDER BY missing;
  RETURN QUERY SELECT format('%s is closed, and its time has not passed', closed.partition)
  FROM tenantry.closed_too_early() AS closed
  WHERE closed.parent = (tenantry.partition_set(set_name)).relation;
EXCEPTION WHEN OTHERS THEN
  RETURN NEXT SQLERRM;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.partition_faults(text) FROM PUBLIC;
COMMIT;

-- Migration base/066_partition_maintenance
BEGIN;
CREATE TABLE IF NOT EXISTS tenantry.partition_maintenance (
  -- As pg_partman names it: SCHEMA.TABLE.
  set_name text PRIMARY KEY,
  succeeded_at timestamptz,
  failed_at timestamptz,
  -- Null: the last run succeeded.
  error text
);
GRANT SELECT ON tenantry.partition_maintenance TO pg_monitor;
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
COMMIT;

-- Migration base/070_partition_trigger
BEGIN;
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
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtname = 'tenantry_isolate_partitions') THEN
    CREATE EVENT TRIGGER tenantry_isolate_partitions ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')
      EXECUTE FUNCTION tenantry.isolate_partitions();
  END IF;
END
$$;
COMMIT;

-- Migration base/080_parked_events
BEGIN;
CREATE TABLE IF NOT EXISTS "tenantry".parked_events (
  "tenant_id" uuid NOT NULL,
  id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  created_us bigint NOT NULL,
  aggregate_type text NOT NULL,
  aggregate_id text NOT NULL,
  type text NOT NULL,
  payload jsonb NOT NULL,
  -- What Kafka or Connect said.
  reason text NOT NULL,
  parked_at timestamptz NOT NULL DEFAULT now(),
  parked_by text NOT NULL,
  PRIMARY KEY ("tenant_id", id)
);
REVOKE ALL ON "tenantry".parked_events FROM PUBLIC;
ALTER TABLE "tenantry".parked_events ENABLE ROW LEVEL SECURITY;
DO $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_catalog.pg_policy
    WHERE polrelid = '"tenantry".parked_events'::pg_catalog.regclass AND polname = 'tenant_isolation'
  ) THEN
    CREATE POLICY tenant_isolation ON "tenantry".parked_events
      USING ("tenant_id" = CAST(nullif(current_setting('app.tenant_id', true), '') AS uuid))
      WITH CHECK ("tenant_id" = CAST(nullif(current_setting('app.tenant_id', true), '') AS uuid));
  END IF;
END
$$;
COMMIT;

-- Migration base/085_claim_check
BEGIN;
CREATE TABLE IF NOT EXISTS "tenantry".tenant_key (
  "tenant_id" uuid NOT NULL PRIMARY KEY,
  key_id uuid NOT NULL,
  -- The key, encrypted with the application's master key, in base64.
  wrapped text NOT NULL,
  -- Name of that master key.
  master_key text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS "tenantry".claim (
  "tenant_id" uuid NOT NULL,
  -- Of the object's bytes; part of its name.
  sha256 text NOT NULL,
  event_id uuid NOT NULL,
  bytes bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY ("tenant_id", sha256)
);
CREATE INDEX IF NOT EXISTS claim_created_at ON "tenantry".claim (created_at);
REVOKE ALL ON "tenantry".tenant_key, "tenantry".claim FROM PUBLIC;
CREATE OR REPLACE FUNCTION "tenantry".provide_tenant_key(
  tenant uuid, key_id uuid, wrapped text, master_key text
) RETURNS jsonb
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found jsonb;
BEGIN
  PERFORM tenantry.require_tenant(tenant);
  FOR attempt IN 1..2 LOOP
    SELECT jsonb_build_object('tenant', provide_tenant_key.tenant::text, 'key_id', own.key_id, 'wrapped', own.wrapped, 'master_key', own.master_key)
    INTO found
    FROM "tenantry".tenant_key AS own WHERE own."tenant_id" = provide_tenant_key.tenant;
    EXIT WHEN found IS NOT NULL;
    INSERT INTO "tenantry".tenant_key ("tenant_id", key_id, wrapped, master_key)
    VALUES (tenant, provide_tenant_key.key_id, provide_tenant_key.wrapped, provide_tenant_key.master_key)
    ON CONFLICT DO NOTHING;
  END LOOP;
  RETURN found;
END
$$;
CREATE OR REPLACE FUNCTION "tenantry".emit_claim(
  tenant uuid, aggregate_type text, aggregate_id text, type text,
  dataref text, datasha256 text, databytes bigint, datakey uuid, datacontenttype text
) RETURNS uuid
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  event_id uuid;
BEGIN
  PERFORM tenantry.require_tenant(tenant);
  IF datasha256 !~ '^[0-9a-f]{64}$' OR right(dataref, 65) <> '/' || datasha256 THEN
    RAISE EXCEPTION 'the reference % does not end in the SHA-256 of its object (%)', dataref, datasha256
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Name the object by the SHA-256 of its bytes, in hexadecimal.';
  END IF;
  event_id := "tenantry".emit(tenant, aggregate_type, aggregate_id, type, jsonb_build_object(
    'dataref', dataref, 'datacontenttype', datacontenttype, 'datasha256', datasha256, 'databytes', databytes,
    'datakey', datakey, 'dataencryption', 'A256GCM'));
  INSERT INTO "tenantry".claim ("tenant_id", sha256, event_id, bytes) VALUES (tenant, datasha256, event_id, databytes);
  RETURN event_id;
END
$$;
CREATE OR REPLACE FUNCTION "tenantry".open_claim(tenant uuid, datasha256 text, datakey uuid) RETURNS jsonb
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found jsonb;
BEGIN
  PERFORM tenantry.require_tenant(tenant);
  IF NOT EXISTS (SELECT FROM "tenantry".claim AS own WHERE own."tenant_id" = open_claim.tenant AND own.sha256 = open_claim.datasha256) THEN
    RAISE EXCEPTION 'no event of tenant % refers to the object %', tenant, datasha256
      USING ERRCODE = 'TC001', HINT = 'It belongs to another tenant, or its retention has passed.';
  END IF;
  SELECT jsonb_build_object('tenant', open_claim.tenant::text, 'wrapped', own.wrapped, 'master_key', own.master_key) INTO found
  FROM "tenantry".tenant_key AS own WHERE own."tenant_id" = open_claim.tenant AND own.key_id = open_claim.datakey;
  IF found IS NULL THEN
    RAISE EXCEPTION 'the key % of tenant % was erased', datakey, tenant
      USING ERRCODE = 'TC002', HINT = 'Nobody can read what was encrypted with it any more.';
  END IF;
  RETURN found;
END
$$;
CREATE OR REPLACE FUNCTION "tenantry".prune_claims(batch integer DEFAULT 10000) RETURNS bigint
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  forgotten bigint;
BEGIN
  DELETE FROM "tenantry".claim AS own
  WHERE (own."tenant_id", own.sha256) IN (
    SELECT old."tenant_id", old.sha256 FROM "tenantry".claim AS old
    WHERE old.created_at < now() - tenantry.processed_events_retention() LIMIT batch
  );
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END
$$;
REVOKE EXECUTE ON FUNCTION "tenantry".prune_claims(integer) FROM PUBLIC;
COMMIT;

-- Migration base/090_cold_catalog
BEGIN;
CREATE TABLE IF NOT EXISTS tenantry.exported_partition_set (
  parent regclass PRIMARY KEY,
  -- The age at which a partition moves, counted from its upper bound.
  export_after interval NOT NULL CHECK (export_after > interval '0'),
  -- The age at which its files are deleted.
  retention interval NOT NULL CHECK (retention > interval '0')
);
GRANT SELECT ON tenantry.exported_partition_set TO pg_monitor;
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
CREATE TABLE IF NOT EXISTS tenantry.legal_hold (
  tenant text PRIMARY KEY,
  reason text NOT NULL CHECK (reason <> ''),
  held_at timestamptz NOT NULL DEFAULT now(),
  held_by text NOT NULL
);
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
COMMIT;

-- Migration base/092_warm_partitions
BEGIN;
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
COMMIT;

-- Migration base/095_cold_requests
BEGIN;
CREATE TABLE IF NOT EXISTS "tenantry".cold_request (
  "tenant_id" uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  table_name text NOT NULL,
  from_time timestamptz NOT NULL,
  until_time timestamptz NOT NULL,
  form text NOT NULL CHECK (form IN ('rows', 'files')),
  asked_at timestamptz NOT NULL DEFAULT now(),
  -- The event that told of it; null where the role may write no events: the worker then sends it.
  event_id uuid,
  cancelled_at timestamptz,
  PRIMARY KEY ("tenant_id", id),
  CHECK (from_time < until_time)
);
CREATE TABLE IF NOT EXISTS "tenantry".cold_retrieval (
  "tenant_id" uuid NOT NULL,
  request_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('fetching', 'ready', 'failed', 'cancelled', 'expired')),
  table_name text NOT NULL,
  from_time timestamptz NOT NULL,
  until_time timestamptz NOT NULL,
  form text NOT NULL,
  -- All that is to be fetched, and what has been.
  files integer NOT NULL DEFAULT 0,
  files_done integer NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  bytes_done bigint NOT NULL DEFAULT 0,
  -- Rows of the files; fewer are restored where the time begins or ends within a file.
  rows bigint NOT NULL DEFAULT 0,
  rows_done bigint NOT NULL DEFAULT 0,
  -- Sum of the hashes of the restored rows, as the files have them.
  checksum numeric NOT NULL DEFAULT 0,
  -- The tables with the result: `schema.table`, quoted where it must be.
  relations text[] NOT NULL DEFAULT '{}',
  -- Why it failed, in words for the tenant.
  reason text,
  taken_at timestamptz NOT NULL DEFAULT now(),
  changed_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  PRIMARY KEY ("tenant_id", request_id)
);
CREATE TABLE IF NOT EXISTS tenantry.cold_request_failure (
  request_id uuid PRIMARY KEY,
  tenant text NOT NULL,
  error text NOT NULL,
  failed_at timestamptz NOT NULL DEFAULT now()
);
REVOKE ALL ON "tenantry".cold_request, "tenantry".cold_retrieval, tenantry.cold_request_failure FROM PUBLIC;
ALTER TABLE tenantry.cold_request_failure ENABLE ROW LEVEL SECURITY;
CREATE OR REPLACE FUNCTION "tenantry".cold_tables() RETURNS text[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CAST('{"orders","order_items","payments"}' AS text[]);
CREATE OR REPLACE FUNCTION "tenantry".open_cold_requests() RETURNS integer
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CAST('5' AS integer);
CREATE OR REPLACE FUNCTION "tenantry".request_cold(
  tenant uuid, table_name text, from_time timestamptz, until_time timestamptz, form text DEFAULT 'rows'
) RETURNS uuid
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  request CONSTANT uuid := gen_random_uuid();
  wanted CONSTANT text := CASE WHEN starts_with(table_name, 'ecommerce' || '.')
    THEN substr(table_name, length('ecommerce') + 2) ELSE table_name END;
  open_requests bigint;
  event uuid;
BEGIN
  PERFORM tenantry.require_tenant(tenant);
  IF NOT has_table_privilege('"tenantry".cold_request', 'INSERT') THEN
    RAISE EXCEPTION 'cold rows can''t be asked for here'
      USING ERRCODE = 'insufficient_privilege',
        HINT = 'The stack needs a store (tenantry:store), a table with a cold tier, and a role in architecture.yaml that reads it.';
  END IF;
  IF wanted IS NULL OR wanted <> ALL ("tenantry".cold_tables()) THEN
    RAISE EXCEPTION 'the table % has no cold tier', coalesce(quote_literal(left(table_name, 80)), 'null')
      USING ERRCODE = 'invalid_parameter_value',
        HINT = format('Ask for one of: %s.', array_to_string("tenantry".cold_tables(), ', '));
  END IF;
  IF NOT has_table_privilege(format('%I.%I', 'ecommerce', wanted), 'SELECT') THEN
    RAISE EXCEPTION 'the role % may not read the table %', quote_ident(current_user), quote_ident(wanted)
      USING ERRCODE = 'insufficient_privilege', HINT = 'Give it `reads` of the table in architecture.yaml.';
  END IF;
  IF (from_time < until_time) IS NOT TRUE THEN
    RAISE EXCEPTION 'the time from % until % is empty', coalesce(from_time::text, 'null'), coalesce(until_time::text, 'null')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'The end must be later than the beginning.';
  END IF;
  IF form IS NULL OR form NOT IN ('rows', 'files') THEN
    RAISE EXCEPTION 'cold data come as rows or as files, not as %', coalesce(quote_literal(left(form, 80)), 'null')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Pass ''rows'' or ''files''.';
  END IF;
  SELECT count(*) INTO open_requests FROM "tenantry".cold_request AS asked
  LEFT JOIN "tenantry".cold_retrieval AS got ON got."tenant_id" = request_cold.tenant AND got.request_id = asked.id
  WHERE asked."tenant_id" = request_cold.tenant AND asked.cancelled_at IS NULL
    AND coalesce(got.state, 'asked') IN ('asked', 'fetching', 'ready');
  IF open_requests >= "tenantry".open_cold_requests() THEN
    RAISE EXCEPTION 'the tenant has % open requests for cold rows, and may have %', open_requests, "tenantry".open_cold_requests()
      USING ERRCODE = 'configuration_limit_exceeded',
        HINT = 'Cancel one that is no longer needed (cancel_cold), wait until one expires, or raise cold.openRequests.';
  END IF;
  IF coalesce(has_table_privilege(to_regclass('"tenantry".outbox'), 'INSERT'), false) THEN
    event := "tenantry".emit(tenant, 'cold_request', request::text, 'ColdRequestAsked',
      jsonb_build_object('request', request, 'table', wanted, 'from', from_time, 'until', until_time, 'form', form));
  END IF;
  INSERT INTO "tenantry".cold_request ("tenant_id", id, table_name, from_time, until_time, form, event_id)
  VALUES (tenant, request, wanted, from_time, until_time, form, event);
  RETURN request;
END
$$;
CREATE OR REPLACE FUNCTION "tenantry".cancel_cold(tenant uuid, request uuid) RETURNS boolean
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM tenantry.require_tenant(tenant);
  UPDATE "tenantry".cold_request AS asked SET cancelled_at = now()
  WHERE asked."tenant_id" = cancel_cold.tenant AND asked.id = request AND asked.cancelled_at IS NULL;
  RETURN FOUND;
END
$$;
CREATE OR REPLACE FUNCTION "tenantry".cold_status(
  tenant uuid, request uuid,
  OUT state text, OUT files integer, OUT files_done integer, OUT bytes bigint, OUT bytes_done bigint, OUT rows_done bigint,
  OUT relations text[], OUT reason text, OUT expires_at timestamptz
) RETURNS SETOF record
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM tenantry.require_tenant(tenant);
  RETURN QUERY
  SELECT CASE
      WHEN asked.cancelled_at IS NOT NULL AND coalesce(got.state, 'asked') NOT IN ('failed', 'expired') THEN 'cancelled'
      WHEN got.state = 'ready' AND got.expires_at <= now() THEN 'expired'
      ELSE coalesce(got.state, 'asked')
    END,
    coalesce(got.files, 0), coalesce(got.files_done, 0), coalesce(got.bytes, 0), coalesce(got.bytes_done, 0),
    coalesce(got.rows_done, 0),
    CASE WHEN got.state = 'ready' AND got.expires_at > now() AND asked.cancelled_at IS NULL THEN got.relations ELSE '{}' END,
    got.reason, got.expires_at
  FROM "tenantry".cold_request AS asked
  LEFT JOIN "tenantry".cold_retrieval AS got ON got."tenant_id" = cold_status.tenant AND got.request_id = asked.id
  WHERE asked."tenant_id" = cold_status.tenant AND asked.id = request;
END
$$;
COMMIT;

-- Migration base/098_lifecycle_activity
BEGIN;
CREATE TABLE IF NOT EXISTS tenantry.lifecycle_activity (
  activity text PRIMARY KEY CHECK (activity IN ('run', 'requests')),
  seen_at timestamptz NOT NULL DEFAULT now(),
  -- The end of the last one without an error.
  succeeded_at timestamptz,
  failures integer NOT NULL DEFAULT 0,
  -- Requests for cold rows that wait, and the time at which the oldest of them was made.
  waiting integer NOT NULL DEFAULT 0,
  oldest_at timestamptz
);
GRANT SELECT ON tenantry.lifecycle_activity TO pg_monitor;
GRANT EXECUTE ON FUNCTION tenantry.exported_partitions() TO pg_monitor;
COMMIT;

-- Migration base/100_schema_changes
BEGIN;
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
COMMIT;

-- Migration ecommerce/schema
BEGIN;
DO $$
DECLARE
  missing text := (
    SELECT string_agg(name, ', ')
    FROM unnest(ARRAY['ecommerce_agent', 'ecommerce_app', 'ecommerce_cdc']) AS name
    WHERE name NOT IN (SELECT rolname FROM pg_roles)
  );
BEGIN
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'roles are missing: %', missing
      USING HINT = 'The platform makes them: run tenantry local up, or create them with LOGIN on an external server.';
  END IF;
END $$;
CREATE SCHEMA IF NOT EXISTS "ecommerce";
GRANT USAGE ON SCHEMA "ecommerce", "tenantry" TO "ecommerce_agent", "ecommerce_app", "ecommerce_cdc";
DO $$
BEGIN
  EXECUTE format('ALTER ROLE %I IN DATABASE %I', 'ecommerce_agent', current_database())
    || ' SET statement_timeout = ''5000ms''';
END $$;
DO $$
BEGIN
  EXECUTE format('ALTER ROLE %I IN DATABASE %I', 'ecommerce_app', current_database())
    || ' RESET statement_timeout';
END $$;
DO $$
BEGIN
  EXECUTE format('ALTER ROLE "ecommerce_app" IN DATABASE %I SET search_path = "ecommerce", "public"', current_database());
END $$;
DO $$
BEGIN
  EXECUTE format('ALTER ROLE "ecommerce_agent" IN DATABASE %I SET search_path = "ecommerce", "public"', current_database());
END $$;
COMMIT;

-- RoleBoundary ecommerce
-- on every node:
DO $$
DECLARE each regprocedure;
BEGIN
  FOR each IN SELECT oid FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('pg_logical_emit_message')
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO "ecommerce_cdc"', each);
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each);
  END LOOP;
END $$;
DO $$
DECLARE each regprocedure;
BEGIN
  FOR each IN SELECT oid FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('pg_create_physical_replication_slot', 'pg_create_logical_replication_slot', 'pg_copy_physical_replication_slot', 'pg_copy_logical_replication_slot', 'pg_drop_replication_slot', 'pg_replication_slot_advance', 'pg_sync_replication_slots', 'pg_logical_slot_get_changes', 'pg_logical_slot_get_binary_changes', 'pg_logical_slot_peek_changes', 'pg_logical_slot_peek_binary_changes')
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each);
  END LOOP;
END $$;
DO $$
DECLARE each regprocedure;
BEGIN
  FOR each IN SELECT oid FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('pg_get_replication_slots', 'pg_stat_get_replication_slot', 'pg_stat_get_wal_senders')
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO "ecommerce_cdc", "pg_read_all_stats"', each);
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each);
  END LOOP;
END $$;
DO $$
DECLARE each regprocedure;
BEGIN
  FOR each IN SELECT oid FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('pg_export_snapshot', 'pg_import_system_collations', 'pg_read_file_old', 'pg_rotate_logfile_old')
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each);
  END LOOP;
END $$;
DO $$
DECLARE each regprocedure;
BEGIN
  FOR each IN SELECT oid FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_get', 'lo_put', 'lo_open', 'lo_unlink', 'lo_truncate', 'lo_truncate64', 'loread', 'lowrite')
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each);
  END LOOP;
END $$;
DO $$
DECLARE each regprocedure;
BEGIN
  FOR each IN SELECT oid FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('pg_advisory_lock', 'pg_advisory_lock_shared', 'pg_advisory_xact_lock', 'pg_advisory_xact_lock_shared', 'pg_try_advisory_lock', 'pg_try_advisory_lock_shared', 'pg_try_advisory_xact_lock', 'pg_try_advisory_xact_lock_shared')
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO "ecommerce_app"', each);
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each);
  END LOOP;
END $$;
DO $$
DECLARE each regprocedure;
BEGIN
  FOR each IN SELECT oid FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('pg_cancel_backend', 'pg_terminate_backend')
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO "pg_signal_backend"', each);
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each);
  END LOOP;
END $$;
DO $$
DECLARE each regprocedure;
BEGIN
  FOR each IN SELECT oid FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('pg_stat_get_activity', 'pg_stat_get_backend_activity', 'pg_stat_get_backend_activity_start', 'pg_stat_get_backend_client_addr', 'pg_stat_get_backend_client_port', 'pg_stat_get_backend_dbid', 'pg_stat_get_backend_idset', 'pg_stat_get_backend_pid', 'pg_stat_get_backend_start', 'pg_stat_get_backend_subxact', 'pg_stat_get_backend_userid', 'pg_stat_get_backend_wait_event', 'pg_stat_get_backend_wait_event_type', 'pg_stat_get_backend_xact_start', 'pg_stat_get_progress_info', 'pg_stat_get_subscription', 'pg_stat_get_wal_receiver', 'pg_lock_status', 'pg_prepared_xact', 'pg_blocking_pids', 'pg_safe_snapshot_blocking_pids', 'pg_isolation_test_session_is_blocked', 'citus_stat_activity', 'citus_dist_stat_activity', 'citus_worker_stat_activity', 'citus_locks', 'citus_lock_waits', 'get_all_active_transactions', 'get_global_active_transactions', 'dump_global_wait_edges', 'dump_local_wait_edges', 'citus_internal_global_blocked_processes', 'citus_internal_local_blocked_processes')
    OR oid IN (SELECT objid FROM pg_depend JOIN pg_extension ON pg_extension.oid = refobjid
      WHERE classid = 'pg_proc'::regclass AND deptype = 'e' AND extname IN ('pg_stat_statements'))
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO "pg_read_all_stats"', each);
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each);
  END LOOP;
END $$;
DO $$
DECLARE each regprocedure;
BEGIN
  FOR each IN SELECT oid FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('run_command_on_all_nodes', 'run_command_on_colocated_placements', 'run_command_on_coordinator', 'run_command_on_placements', 'run_command_on_shards', 'run_command_on_workers', 'master_run_on_worker', 'citus_check_cluster_node_health', 'citus_check_connection_to_node', 'citus_get_active_worker_nodes_health', 'citus_run_local_command')
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each);
  END LOOP;
END $$;
DO $$
DECLARE each regprocedure;
BEGIN
  FOR each IN SELECT oid FROM pg_proc
    WHERE oid IN (SELECT objid FROM pg_depend JOIN pg_extension ON pg_extension.oid = refobjid
      WHERE classid = 'pg_proc'::regclass AND deptype = 'e' AND extname IN ('dblink', 'http', 'pg_net'))
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each);
  END LOOP;
END $$;
DO $$
DECLARE each regprocedure;
BEGIN
  FOR each IN SELECT oid FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('currtid2')
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each);
  END LOOP;
END $$;

-- Migration ecommerce/010_reference
BEGIN;
CREATE TABLE currencies (
  code text PRIMARY KEY CHECK (code ~ '^[A-Z]{3}$'),
  name text NOT NULL,
  -- Digits behind the point of the smallest amount.
  minor_digits smallint NOT NULL CHECK (minor_digits BETWEEN 0 AND 4)
);
CREATE TABLE countries (
  code text PRIMARY KEY CHECK (code ~ '^[A-Z]{2}$'),
  name text NOT NULL,
  currency text NOT NULL
);
INSERT INTO currencies (code, name, minor_digits) VALUES
  ('CHF', 'Swiss franc', 2),
  ('EUR', 'Euro', 2),
  ('GBP', 'Pound sterling', 2),
  ('JPY', 'Yen', 0),
  ('PLN', 'Zloty', 2),
  ('SEK', 'Swedish krona', 2),
  ('TND', 'Tunisian dinar', 3),
  ('USD', 'US dollar', 2)
ON CONFLICT (code) DO NOTHING;
INSERT INTO countries (code, name, currency) VALUES
  ('AT', 'Austria', 'EUR'),
  ('CH', 'Switzerland', 'CHF'),
  ('DE', 'Germany', 'EUR'),
  ('ES', 'Spain', 'EUR'),
  ('FR', 'France', 'EUR'),
  ('GB', 'United Kingdom', 'GBP'),
  ('IT', 'Italy', 'EUR'),
  ('JP', 'Japan', 'JPY'),
  ('NL', 'Netherlands', 'EUR'),
  ('PL', 'Poland', 'PLN'),
  ('SE', 'Sweden', 'SEK'),
  ('TN', 'Tunisia', 'TND'),
  ('US', 'United States', 'USD')
ON CONFLICT (code) DO NOTHING;
COMMIT;

-- ReferenceTable ecommerce.currencies
-- where Citus is installed:
SELECT create_reference_table('"ecommerce"."currencies"');
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_agent";
GRANT SELECT ON "ecommerce"."currencies" TO "ecommerce_agent";
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_app";
GRANT SELECT ON "ecommerce"."currencies" TO "ecommerce_app";

-- ReferenceTable ecommerce.countries
-- where Citus is installed:
SELECT create_reference_table('"ecommerce"."countries"');
ALTER TABLE "ecommerce"."countries" ADD CONSTRAINT "countries_currency_fkey" FOREIGN KEY ("currency") REFERENCES "ecommerce"."currencies" ("code");
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_agent";
GRANT SELECT ON "ecommerce"."countries" TO "ecommerce_agent";
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_app";
GRANT SELECT ON "ecommerce"."countries" TO "ecommerce_app";

-- Migration ecommerce/020_tenants
BEGIN;
CREATE TABLE tenants (
  tenant_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL CHECK (name <> ''),
  plan text NOT NULL DEFAULT 'standard' CHECK (plan IN ('trial', 'standard', 'enterprise')),
  country text NOT NULL,
  currency text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMIT;

-- DistributedTable ecommerce.tenants
-- where Citus is installed:
SELECT create_distributed_table('"ecommerce"."tenants"', 'tenant_id', shard_count => 12, colocate_with => 'none');
ALTER TABLE "ecommerce"."tenants" ADD CONSTRAINT "tenants_country_fkey" FOREIGN KEY ("country") REFERENCES "ecommerce"."countries" ("code");
ALTER TABLE "ecommerce"."tenants" ADD CONSTRAINT "tenants_currency_fkey" FOREIGN KEY ("currency") REFERENCES "ecommerce"."currencies" ("code");

-- TenantIsolation ecommerce.tenants
CREATE POLICY "tenant_isolation" ON "ecommerce"."tenants" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE "ecommerce"."tenants" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_app";
GRANT SELECT, INSERT, UPDATE, DELETE ON "ecommerce"."tenants" TO "ecommerce_app";

-- Migration ecommerce/030_customers
BEGIN;
CREATE TABLE customers (
  tenant_id uuid NOT NULL,
  customer_id uuid NOT NULL DEFAULT gen_random_uuid(),
  email text NOT NULL CHECK (email LIKE '%_@_%'),
  name text NOT NULL CHECK (name <> ''),
  country text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, customer_id)
);
CREATE UNIQUE INDEX customers_email_key ON customers (tenant_id, lower(email));
COMMIT;

-- DistributedTable ecommerce.customers
-- where Citus is installed:
SELECT create_distributed_table('"ecommerce"."customers"', 'tenant_id', colocate_with => '"ecommerce"."tenants"');
ALTER TABLE "ecommerce"."customers" ADD CONSTRAINT "customers_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "ecommerce"."tenants" ("tenant_id");
ALTER TABLE "ecommerce"."customers" ADD CONSTRAINT "customers_country_fkey" FOREIGN KEY ("country") REFERENCES "ecommerce"."countries" ("code");

-- TenantIsolation ecommerce.customers
CREATE POLICY "tenant_isolation" ON "ecommerce"."customers" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE "ecommerce"."customers" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_agent";
GRANT SELECT ON "ecommerce"."customers" TO "ecommerce_agent";
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_app";
GRANT SELECT, INSERT, UPDATE, DELETE ON "ecommerce"."customers" TO "ecommerce_app";

-- Migration ecommerce/040_products
BEGIN;
CREATE TABLE products (
  tenant_id uuid NOT NULL,
  product_id uuid NOT NULL DEFAULT gen_random_uuid(),
  sku text NOT NULL CHECK (sku <> ''),
  name text NOT NULL CHECK (name <> ''),
  price numeric(12, 3) NOT NULL CHECK (price >= 0),
  currency text NOT NULL,
  active boolean NOT NULL DEFAULT true,
  attributes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, product_id),
  UNIQUE (tenant_id, sku)
);
CREATE TABLE inventory (
  tenant_id uuid NOT NULL,
  product_id uuid NOT NULL,
  on_hand integer NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
  reserved integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, product_id),
  CHECK (reserved <= on_hand)
);
COMMIT;

-- DistributedTable ecommerce.products
-- where Citus is installed:
SELECT create_distributed_table('"ecommerce"."products"', 'tenant_id', colocate_with => '"ecommerce"."tenants"');
ALTER TABLE "ecommerce"."products" ADD CONSTRAINT "products_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "ecommerce"."tenants" ("tenant_id");
ALTER TABLE "ecommerce"."products" ADD CONSTRAINT "products_currency_fkey" FOREIGN KEY ("currency") REFERENCES "ecommerce"."currencies" ("code");

-- DistributedTable ecommerce.inventory
-- where Citus is installed:
SELECT create_distributed_table('"ecommerce"."inventory"', 'tenant_id', colocate_with => '"ecommerce"."tenants"');
ALTER TABLE "ecommerce"."inventory" ADD CONSTRAINT "inventory_tenant_id_product_id_fkey" FOREIGN KEY ("tenant_id", "product_id") REFERENCES "ecommerce"."products" ("tenant_id", "product_id") ON DELETE CASCADE;

-- TenantIsolation ecommerce.products
CREATE POLICY "tenant_isolation" ON "ecommerce"."products" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE "ecommerce"."products" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_agent";
GRANT SELECT ON "ecommerce"."products" TO "ecommerce_agent";
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_app";
GRANT SELECT, INSERT, UPDATE, DELETE ON "ecommerce"."products" TO "ecommerce_app";

-- TenantIsolation ecommerce.inventory
CREATE POLICY "tenant_isolation" ON "ecommerce"."inventory" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE "ecommerce"."inventory" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_agent";
GRANT SELECT ON "ecommerce"."inventory" TO "ecommerce_agent";
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_app";
GRANT SELECT, INSERT, UPDATE, DELETE ON "ecommerce"."inventory" TO "ecommerce_app";

-- Migration ecommerce/050_carts
BEGIN;
CREATE TABLE carts (
  tenant_id uuid NOT NULL,
  cart_id uuid NOT NULL DEFAULT gen_random_uuid(),
  -- NULL while the visitor has not signed in.
  customer_id uuid,
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'ordered', 'abandoned')),
  currency text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, cart_id)
);
CREATE INDEX carts_open_by_customer ON carts (tenant_id, customer_id) WHERE status = 'open';
CREATE TABLE cart_items (
  tenant_id uuid NOT NULL,
  cart_id uuid NOT NULL,
  product_id uuid NOT NULL,
  quantity integer NOT NULL CHECK (quantity > 0),
  added_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, cart_id, product_id)
);
CREATE INDEX cart_items_by_product ON cart_items (tenant_id, product_id);
COMMIT;

-- DistributedTable ecommerce.carts
-- where Citus is installed:
SELECT create_distributed_table('"ecommerce"."carts"', 'tenant_id', colocate_with => '"ecommerce"."tenants"');
ALTER TABLE "ecommerce"."carts" ADD CONSTRAINT "carts_currency_fkey" FOREIGN KEY ("currency") REFERENCES "ecommerce"."currencies" ("code");
ALTER TABLE "ecommerce"."carts" ADD CONSTRAINT "carts_tenant_id_customer_id_fkey" FOREIGN KEY ("tenant_id", "customer_id") REFERENCES "ecommerce"."customers" ("tenant_id", "customer_id");

-- DistributedTable ecommerce.cart_items
-- where Citus is installed:
SELECT create_distributed_table('"ecommerce"."cart_items"', 'tenant_id', colocate_with => '"ecommerce"."tenants"');
ALTER TABLE "ecommerce"."cart_items" ADD CONSTRAINT "cart_items_tenant_id_cart_id_fkey" FOREIGN KEY ("tenant_id", "cart_id") REFERENCES "ecommerce"."carts" ("tenant_id", "cart_id") ON DELETE CASCADE;
ALTER TABLE "ecommerce"."cart_items" ADD CONSTRAINT "cart_items_tenant_id_product_id_fkey" FOREIGN KEY ("tenant_id", "product_id") REFERENCES "ecommerce"."products" ("tenant_id", "product_id");

-- TenantIsolation ecommerce.carts
CREATE POLICY "tenant_isolation" ON "ecommerce"."carts" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE "ecommerce"."carts" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_app";
GRANT SELECT, INSERT, UPDATE, DELETE ON "ecommerce"."carts" TO "ecommerce_app";

-- TenantIsolation ecommerce.cart_items
CREATE POLICY "tenant_isolation" ON "ecommerce"."cart_items" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE "ecommerce"."cart_items" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_app";
GRANT SELECT, INSERT, UPDATE, DELETE ON "ecommerce"."cart_items" TO "ecommerce_app";

-- Migration ecommerce/060_orders
BEGIN;
CREATE TABLE orders (
  tenant_id uuid NOT NULL,
  order_id uuid NOT NULL DEFAULT gen_random_uuid(),
  placed_at timestamptz NOT NULL DEFAULT now(),
  customer_id uuid NOT NULL,
  status text NOT NULL DEFAULT 'placed' CHECK (status IN ('placed', 'paid', 'shipped', 'delivered', 'cancelled')),
  currency text NOT NULL,
  total numeric(14, 3) NOT NULL CHECK (total >= 0),
  shipping_country text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, placed_at, order_id)
) PARTITION BY RANGE (placed_at);
CREATE INDEX orders_by_id ON orders (tenant_id, order_id);
CREATE INDEX orders_by_customer ON orders (tenant_id, customer_id, placed_at DESC);
CREATE TABLE order_items (
  tenant_id uuid NOT NULL,
  order_id uuid NOT NULL,
  placed_at timestamptz NOT NULL,
  line smallint NOT NULL CHECK (line > 0),
  product_id uuid NOT NULL,
  quantity integer NOT NULL CHECK (quantity > 0),
  -- As it was when the order was placed.
  unit_price numeric(12, 3) NOT NULL CHECK (unit_price >= 0),
  PRIMARY KEY (tenant_id, placed_at, order_id, line)
) PARTITION BY RANGE (placed_at);
CREATE INDEX order_items_by_product ON order_items (tenant_id, product_id, placed_at DESC);
CREATE TABLE payments (
  tenant_id uuid NOT NULL,
  payment_id uuid NOT NULL DEFAULT gen_random_uuid(),
  order_id uuid NOT NULL,
  placed_at timestamptz NOT NULL,
  method text NOT NULL CHECK (method IN ('card', 'invoice', 'transfer', 'wallet')),
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'captured', 'refused', 'refunded')),
  currency text NOT NULL,
  amount numeric(14, 3) NOT NULL CHECK (amount > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, placed_at, payment_id)
) PARTITION BY RANGE (placed_at);
CREATE INDEX payments_by_order ON payments (tenant_id, order_id);
COMMIT;

-- DistributedTable ecommerce.orders
-- where Citus is installed:
SELECT create_distributed_table('"ecommerce"."orders"', 'tenant_id', colocate_with => '"ecommerce"."tenants"');
ALTER TABLE "ecommerce"."orders" ADD CONSTRAINT "orders_currency_fkey" FOREIGN KEY ("currency") REFERENCES "ecommerce"."currencies" ("code");
ALTER TABLE "ecommerce"."orders" ADD CONSTRAINT "orders_shipping_country_fkey" FOREIGN KEY ("shipping_country") REFERENCES "ecommerce"."countries" ("code");
ALTER TABLE "ecommerce"."orders" ADD CONSTRAINT "orders_tenant_id_customer_id_fkey" FOREIGN KEY ("tenant_id", "customer_id") REFERENCES "ecommerce"."customers" ("tenant_id", "customer_id");

-- DistributedTable ecommerce.order_items
-- where Citus is installed:
SELECT create_distributed_table('"ecommerce"."order_items"', 'tenant_id', colocate_with => '"ecommerce"."tenants"');
ALTER TABLE "ecommerce"."order_items" ADD CONSTRAINT "order_items_tenant_id_product_id_fkey" FOREIGN KEY ("tenant_id", "product_id") REFERENCES "ecommerce"."products" ("tenant_id", "product_id");

-- DistributedTable ecommerce.payments
-- where Citus is installed:
SELECT create_distributed_table('"ecommerce"."payments"', 'tenant_id', colocate_with => '"ecommerce"."tenants"');
ALTER TABLE "ecommerce"."payments" ADD CONSTRAINT "payments_currency_fkey" FOREIGN KEY ("currency") REFERENCES "ecommerce"."currencies" ("code");

-- PartitionSet ecommerce.orders
-- for pg_partman 5; on version 4 the same with that version's arguments:
SELECT "partman".create_parent(
  p_parent_table => 'ecommerce.orders',
  p_control => 'placed_at',
  p_type => 'range',
  p_interval => '1 month',
  p_premake => 4,
  p_default_table => false
);
UPDATE "partman".part_config
SET premake = 4, retention = '7 years',
  retention_keep_table = false, infinite_time_partitions = true, automatic_maintenance = 'on'
WHERE parent_table = 'ecommerce.orders';

-- TenantIsolation ecommerce.orders
CREATE POLICY "tenant_isolation" ON "ecommerce"."orders" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE "ecommerce"."orders" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_agent";
GRANT SELECT ON "ecommerce"."orders" TO "ecommerce_agent";
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_app";
GRANT SELECT, INSERT, UPDATE, DELETE ON "ecommerce"."orders" TO "ecommerce_app";

-- PartitionSet ecommerce.order_items
-- for pg_partman 5; on version 4 the same with that version's arguments:
SELECT "partman".create_parent(
  p_parent_table => 'ecommerce.order_items',
  p_control => 'placed_at',
  p_type => 'range',
  p_interval => '1 month',
  p_premake => 4,
  p_default_table => false
);
UPDATE "partman".part_config
SET premake = 4, retention = '7 years',
  retention_keep_table = false, infinite_time_partitions = true, automatic_maintenance = 'on'
WHERE parent_table = 'ecommerce.order_items';

-- TenantIsolation ecommerce.order_items
CREATE POLICY "tenant_isolation" ON "ecommerce"."order_items" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE "ecommerce"."order_items" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_agent";
GRANT SELECT ON "ecommerce"."order_items" TO "ecommerce_agent";
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_app";
GRANT SELECT, INSERT, UPDATE, DELETE ON "ecommerce"."order_items" TO "ecommerce_app";

-- PartitionSet ecommerce.payments
-- for pg_partman 5; on version 4 the same with that version's arguments:
SELECT "partman".create_parent(
  p_parent_table => 'ecommerce.payments',
  p_control => 'placed_at',
  p_type => 'range',
  p_interval => '1 month',
  p_premake => 4,
  p_default_table => false
);
UPDATE "partman".part_config
SET premake = 4, retention = '7 years',
  retention_keep_table = false, infinite_time_partitions = true, automatic_maintenance = 'on'
WHERE parent_table = 'ecommerce.payments';

-- TenantIsolation ecommerce.payments
CREATE POLICY "tenant_isolation" ON "ecommerce"."payments" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE "ecommerce"."payments" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_app";
GRANT SELECT, INSERT, UPDATE, DELETE ON "ecommerce"."payments" TO "ecommerce_app";

-- Migration ecommerce/070_audit_log
BEGIN;
CREATE TABLE audit_log (
  tenant_id uuid NOT NULL,
  audit_id uuid NOT NULL DEFAULT gen_random_uuid(),
  occurred_at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL CHECK (actor <> ''),
  action text NOT NULL CHECK (action <> ''),
  subject_type text NOT NULL,
  subject_id text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, occurred_at, audit_id)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX audit_log_by_subject ON audit_log (tenant_id, subject_type, subject_id, occurred_at DESC);
COMMIT;

-- DistributedTable ecommerce.audit_log
-- where Citus is installed:
SELECT create_distributed_table('"ecommerce"."audit_log"', 'tenant_id', colocate_with => '"ecommerce"."tenants"');

-- PartitionSet ecommerce.audit_log
-- for pg_partman 5; on version 4 the same with that version's arguments:
SELECT "partman".create_parent(
  p_parent_table => 'ecommerce.audit_log',
  p_control => 'occurred_at',
  p_type => 'range',
  p_interval => '1 month',
  p_premake => 4,
  p_default_table => false
);
UPDATE "partman".part_config
SET premake = 4, retention = '2 years',
  retention_keep_table = false, infinite_time_partitions = true, automatic_maintenance = 'on'
WHERE parent_table = 'ecommerce.audit_log';

-- TenantIsolation ecommerce.audit_log
CREATE POLICY "tenant_isolation" ON "ecommerce"."audit_log" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE "ecommerce"."audit_log" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_app";
GRANT SELECT, INSERT, UPDATE, DELETE ON "ecommerce"."audit_log" TO "ecommerce_app";

-- Migration ecommerce/080_order_summaries
BEGIN;
CREATE TABLE order_summaries (
  tenant_id uuid NOT NULL,
  order_id uuid NOT NULL,
  customer_id uuid,
  status text NOT NULL,
  currency text,
  total numeric(14, 3) NOT NULL DEFAULT 0,
  paid numeric(14, 3) NOT NULL DEFAULT 0,
  items integer NOT NULL DEFAULT 0,
  placed_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, order_id)
);
CREATE INDEX order_summaries_latest ON order_summaries (tenant_id, placed_at DESC);
CREATE INDEX order_summaries_by_customer ON order_summaries (tenant_id, customer_id, placed_at DESC);
COMMIT;

-- DistributedTable ecommerce.order_summaries
-- where Citus is installed:
SELECT create_distributed_table('"ecommerce"."order_summaries"', 'tenant_id', colocate_with => '"ecommerce"."tenants"');

-- TenantIsolation ecommerce.order_summaries
CREATE POLICY "tenant_isolation" ON "ecommerce"."order_summaries" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE "ecommerce"."order_summaries" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_agent";
GRANT SELECT ON "ecommerce"."order_summaries" TO "ecommerce_agent";
GRANT USAGE ON SCHEMA "ecommerce" TO "ecommerce_app";
GRANT SELECT, INSERT, UPDATE, DELETE ON "ecommerce"."order_summaries" TO "ecommerce_app";

-- Migration ecommerce/090_views
BEGIN;
CREATE VIEW order_totals WITH (security_invoker = true) AS
SELECT o.tenant_id, o.order_id, o.placed_at, o.customer_id, o.status, o.currency,
       o.total, coalesce(sum(i.quantity * i.unit_price), 0) AS items_total, count(i.line) AS lines
FROM orders AS o
LEFT JOIN order_items AS i
  ON i.tenant_id = o.tenant_id AND i.placed_at = o.placed_at AND i.order_id = o.order_id
GROUP BY o.tenant_id, o.order_id, o.placed_at, o.customer_id, o.status, o.currency, o.total;
CREATE VIEW stock WITH (security_invoker = true) AS
SELECT p.tenant_id, p.product_id, p.sku, p.name, s.on_hand - s.reserved AS available
FROM products AS p
JOIN inventory AS s ON s.tenant_id = p.tenant_id AND s.product_id = p.product_id
WHERE p.active;
GRANT SELECT ON order_totals, stock TO ecommerce_app, ecommerce_agent;
COMMIT;

-- Outbox tenantry.outbox
-- with Citus, on every node:
ALTER TABLE pg_catalog.pg_dist_shard SET (user_catalog_table = true);
ALTER TABLE pg_catalog.pg_dist_partition SET (user_catalog_table = true);
CREATE TABLE "tenantry"."outbox" (
  "tenant_id" uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT now(),
  created_us bigint NOT NULL DEFAULT (extract(epoch FROM now()) * 1000000)::bigint,
  aggregate_type text NOT NULL,
  aggregate_id text NOT NULL,
  type text NOT NULL,
  payload jsonb NOT NULL,
  PRIMARY KEY ("tenant_id", created_at, id),
  CONSTRAINT aggregate_type_is_declared_in_architecture_yaml CHECK (aggregate_type = ANY (ARRAY['cold_request'::text, 'customer'::text, 'order'::text, 'payment'::text])),
  CONSTRAINT aggregate_id_at_most_4096_bytes_or_put_it_into_the_payload CHECK (octet_length(aggregate_id) <= 4096),
  CONSTRAINT type_at_most_1024_bytes_or_put_it_into_the_payload CHECK (octet_length(type) <= 1024),
  CONSTRAINT payload_at_most_8192_bytes_or_use_a_claim_check CHECK (octet_length((payload)::text) <= 8192)
) PARTITION BY RANGE (created_at);
-- where Citus is installed:
SELECT create_distributed_table('"tenantry"."outbox"', 'tenant_id', colocate_with => '"ecommerce"."tenants"');
CREATE PUBLICATION "tenantry_outbox" FOR TABLE "tenantry"."outbox" ("id", "aggregate_type", "aggregate_id", "payload", "tenant_id", "type", "created_us")
WITH (publish = 'insert', publish_via_partition_root = true);

-- PartitionSet tenantry.outbox
-- for pg_partman 5; on version 4 the same with that version's arguments:
SELECT "partman".create_parent(
  p_parent_table => 'tenantry.outbox',
  p_control => 'created_at',
  p_type => 'range',
  p_interval => '1 day',
  p_premake => 4,
  p_default_table => false
);
UPDATE "partman".part_config
SET premake = 4, retention = NULL,
  retention_keep_table = false, infinite_time_partitions = true, automatic_maintenance = 'on'
WHERE parent_table = 'tenantry.outbox';
INSERT INTO tenantry.guarded_partition_set (parent, retention)
VALUES ('"tenantry"."outbox"', '3 days')
ON CONFLICT (parent) DO UPDATE SET retention = excluded.retention;

-- TenantIsolation tenantry.outbox
CREATE POLICY "tenant_isolation" ON "tenantry"."outbox" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE "tenantry"."outbox" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA "tenantry" TO "ecommerce_app";
GRANT SELECT, INSERT ON "tenantry"."outbox" TO "ecommerce_app";

-- ProcessedEvents tenantry.processed_events
CREATE OR REPLACE FUNCTION tenantry.processed_events_retention() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN interval '28 days';
CREATE TABLE "tenantry"."processed_events" (
  "tenant_id" uuid NOT NULL,
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  processed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY ("tenant_id", consumer, event_id)
);
CREATE INDEX processed_events_processed_at ON "tenantry"."processed_events" ("tenant_id", processed_at);
-- where Citus is installed:
SELECT create_distributed_table('"tenantry"."processed_events"', 'tenant_id', colocate_with => '"ecommerce"."tenants"');

-- TenantIsolation tenantry.processed_events
CREATE POLICY "tenant_isolation" ON "tenantry"."processed_events" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE "tenantry"."processed_events" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA "tenantry" TO "ecommerce_app";
GRANT SELECT, INSERT, DELETE ON "tenantry"."processed_events" TO "ecommerce_app";

-- ReplicationSlot ecommerce_outbox_coordinator
-- on coordinator, localhost:5432:
SELECT pg_create_logical_replication_slot('ecommerce_outbox_coordinator', 'pgoutput');

-- Connector ecommerce-outbox-coordinator
PUT /connectors/ecommerce-outbox-coordinator/config
