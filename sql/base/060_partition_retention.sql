-- Retention that never outruns change data capture. pg_partman drops a partition by its age alone; where a replication
-- slot is behind, its rows may never reach Kafka. Here a partition is closed first, then dropped once it is past its
-- retention and every slot of the outbox, on every node, has confirmed the position in the log that was the last when it
-- closed. A slot that lags, or is missing, keeps it: tenantry.partition_retention says which and why.

-- The partition sets kept this way; written by PartitionSet.
CREATE TABLE IF NOT EXISTS tenantry.guarded_partition_set (
  parent regclass PRIMARY KEY,
  -- How long a partition stays after its upper bound has passed.
  retention interval NOT NULL CHECK (retention > interval '0')
);

-- The log's position when a partition closed, one row for each node that may hold rows of it.
CREATE TABLE IF NOT EXISTS tenantry.closed_partition (
  partition regclass,
  -- Citus' group of the node; 0 is the coordinator, or the one server of plain PostgreSQL.
  node integer,
  lsn pg_lsn NOT NULL,
  closed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partition, node)
);

-- Slots are recognised by their name: PostgreSQL doesn't know which publication a slot is read with.
CREATE OR REPLACE FUNCTION tenantry.outbox_slot_prefix() RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN :'application' || '_outbox_';

-- Every node with its log's position and its slots of the outbox, as {slot: confirmed position}. Ends with an error if a
-- node can't be asked.
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

-- The partitions of the guarded sets: when each closes, when its retention ends, and since when it is closed.
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

-- The closed partitions whose time has not passed.
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

-- Why a closed partition may not be dropped yet: one line for each node that has not been read to where it closed. Nodes
-- that joined later hold no row that was written before; nodes that left were read to their end.
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

-- For people and alerts: what happens to each partition next, and what holds it back.
CREATE OR REPLACE VIEW tenantry.partition_retention AS
SELECT parent, partition, ends_at, due_at, closed_at,
  CASE
    WHEN due_at > now() THEN NULL
    WHEN is_last THEN 'it is the last partition of its set'
    WHEN closed_at IS NULL THEN 'it is not closed yet'
    ELSE (SELECT string_agg(reason, '; ') FROM tenantry.unread_parts(partition) AS reason)
  END AS held_back_by
FROM tenantry.guarded_partitions();

-- Closes a partition: it takes no more rows, and no transaction that wrote to it is still open, as the constraint's lock
-- waits for them; so every row of it lies before the positions that are recorded then.
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

-- Opens the partitions that were closed by a clock that was ahead: their time has not passed, and rows of it must find
-- them. Returns how many it opened. A row that is written now lies behind the recorded positions, so these go too. Runs
-- before partitions are made, which its errors must not prevent.
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

-- Opens what a wrong clock closed, closes what has ended and drops what is past its retention and read by every slot;
-- returns how many it dropped. Runs with each round of maintenance, and can be called at any time. Waits two seconds at
-- most for a partition in use: the next run tries again.
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
