-- True the first time that this consumer meets this event. Call it in the transaction that does the event's work: a
-- redelivery then finds the mark exactly when the work was committed.
CREATE OR REPLACE FUNCTION tenantry.process_once(tenant :type, consumer text, event_id uuid) RETURNS boolean
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  is_first boolean;
BEGIN
  PERFORM tenantry.require_tenant(tenant);
  INSERT INTO tenantry.processed_events VALUES (tenant, consumer, event_id) ON CONFLICT DO NOTHING;
  is_first := FOUND;
  -- Consumers that write much forget as much: one call in 256 removes up to 512 marks past their retention.
  IF is_first AND random() < 1.0 / 256
    AND has_table_privilege('tenantry.processed_events', 'SELECT')
    AND has_table_privilege('tenantry.processed_events', 'DELETE')
  THEN
    PERFORM tenantry.forget_processed(tenant, consumer, 512);
  END IF;
  RETURN is_first;
END
$$;

-- Removes marks of one tenant and consumer that are past their retention, unless another transaction is doing so: consumers
-- never wait for each other.
CREATE OR REPLACE FUNCTION tenantry.forget_processed(tenant :type, consumer text, batch integer) RETURNS bigint
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  forgotten bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('tenantry.forget_processed'), hashtext(tenant::text || ' ' || consumer)) THEN
    RETURN 0;
  END IF;
  EXECUTE format(
    'DELETE FROM tenantry.processed_events WHERE %1$I = $1 AND consumer = $2 AND event_id IN ('
      'SELECT event_id FROM tenantry.processed_events '
      'WHERE %1$I = $1 AND consumer = $2 AND processed_at < now() - tenantry.processed_events_retention() '
      'ORDER BY processed_at LIMIT $3)',
    tenantry.tenant_column()
  ) USING tenant, consumer, batch;
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END
$$;

-- The same for every tenant, for those whose consumers have gone quiet. Runs daily with the retention of partitions, and
-- by hand until it returns less than it may.
CREATE OR REPLACE FUNCTION tenantry.prune_processed_events(batch integer DEFAULT 10000) RETURNS bigint
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  expired record;
  forgotten bigint := 0;
BEGIN
  IF to_regclass('tenantry.processed_events') IS NULL THEN
    RETURN 0;
  END IF;
  FOR expired IN EXECUTE format(
    'SELECT %I AS tenant, consumer, count(*) AS events FROM tenantry.processed_events '
      'WHERE processed_at < now() - tenantry.processed_events_retention() GROUP BY 1, 2',
    tenantry.tenant_column()
  ) LOOP
    EXIT WHEN forgotten >= batch;
    forgotten := forgotten
      + tenantry.forget_processed(expired.tenant, expired.consumer, least(expired.events, batch - forgotten)::integer);
  END LOOP;
  RETURN forgotten;
END
$$;
REVOKE EXECUTE ON FUNCTION tenantry.prune_processed_events(integer) FROM PUBLIC;
