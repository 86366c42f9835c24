-- Writes an event in the transaction of the business rows: both commit, or neither. Returns the event's id.
--
-- One plain INSERT of constants, so that Citus sends it to the node of the tenant's other rows and commits in one phase;
-- joined to the business INSERT in a WITH it would be copied between nodes and committed in two.
CREATE OR REPLACE FUNCTION :"events".emit(
  tenant :type, aggregate_type text, aggregate_id text, type text, payload jsonb
) RETURNS uuid
  LANGUAGE plpgsql
AS $$
DECLARE
  event_id CONSTANT uuid := pg_catalog.gen_random_uuid();
BEGIN
  IF (tenant OPERATOR(pg_catalog.=) tenantry.current_tenant()) IS NOT TRUE THEN
    PERFORM tenantry.require_tenant(tenant);
  END IF;
  INSERT INTO :"events".outbox (:"column", id, aggregate_type, aggregate_id, type, payload)
  VALUES (tenant, event_id, aggregate_type, aggregate_id, type, payload);
  RETURN event_id;
END
$$;
