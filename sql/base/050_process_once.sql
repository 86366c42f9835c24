-- True the first time that this consumer meets this event. Call it in the transaction that does the event's work: a
-- redelivery then finds the mark exactly when the work was committed.
CREATE OR REPLACE FUNCTION :"events".process_once(tenant :type, consumer text, event_id uuid) RETURNS boolean
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  is_first boolean;
BEGIN
  PERFORM tenantry.require_tenant(tenant);
  INSERT INTO :"events".processed_events (:"column", consumer, event_id) VALUES (tenant, consumer, event_id)
  ON CONFLICT DO NOTHING;
  is_first := FOUND;
  -- Tenants with many events forget as many: one call in 256 removes up to 512 marks past their retention.
  IF is_first AND random() < 1.0 / 256 AND has_table_privilege(':"events".processed_events', 'DELETE') THEN
    PERFORM :"events".forget_processed(tenant, 512);
  END IF;
  RETURN is_first;
END
$$;

-- Removes a tenant's marks that are past their retention, unless another transaction is doing so: consumers never wait
-- for each other. Returns how many it removed. With the caller's rights, as Citus refuses two users in one transaction:
-- consumers' roles need DELETE, which row level security holds to their own tenant's marks.
CREATE OR REPLACE FUNCTION :"events".forget_processed(tenant :type, batch integer) RETURNS bigint
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  forgotten bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('tenantry.forget_processed'), hashtext(tenant::text)) THEN
    RETURN 0;
  END IF;
  DELETE FROM :"events".processed_events AS mark
  WHERE mark.:"column" = forget_processed.tenant AND (mark.consumer, mark.event_id) IN (
    SELECT old.consumer, old.event_id FROM :"events".processed_events AS old
    WHERE old.:"column" = forget_processed.tenant AND old.processed_at < now() - tenantry.processed_events_retention()
    ORDER BY old.processed_at LIMIT batch
  );
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END
$$;

-- The same for every tenant, for those that have gone quiet: their marks are few, and stay until somebody calls this,
-- again and again until it returns less than it may. It reads the whole table, so it is no part of what runs by itself.
CREATE OR REPLACE FUNCTION :"events".prune_processed_events(batch integer DEFAULT 10000) RETURNS bigint
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  forgotten bigint;
BEGIN
  DELETE FROM :"events".processed_events AS mark
  WHERE (mark.:"column", mark.consumer, mark.event_id) IN (
    SELECT old.:"column", old.consumer, old.event_id FROM :"events".processed_events AS old
    WHERE old.processed_at < now() - tenantry.processed_events_retention() LIMIT batch
  );
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END
$$;
REVOKE EXECUTE ON FUNCTION :"events".prune_processed_events(integer) FROM PUBLIC;
