-- Asks for cold rows. A request is a row of its tenant; `tenantry lifecycle requests serve` fetches the tenant's files from
-- the store, and writes into cold_retrieval what became of it. Nothing here reads the store.

-- A role may write these columns: it asks, and it cancels. Once a worker has taken a request, only cancelled_at counts.
CREATE TABLE IF NOT EXISTS :"events".cold_request (
  :"column" :type NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  table_name text NOT NULL,
  from_time timestamptz NOT NULL,
  until_time timestamptz NOT NULL,
  form text NOT NULL CHECK (form IN ('rows', 'files')),
  asked_at timestamptz NOT NULL DEFAULT now(),
  -- The event that told of it; null where the role may write no events: the worker then sends it.
  event_id uuid,
  cancelled_at timestamptz,
  PRIMARY KEY (:"column", id),
  CHECK (from_time < until_time)
);

-- The outcome of a request; no role of the application may write it.
CREATE TABLE IF NOT EXISTS :"events".cold_retrieval (
  :"column" :type NOT NULL,
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
  PRIMARY KEY (:"column", request_id)
);

-- Why requests failed, in words for the operator, who alone may read it.
CREATE TABLE IF NOT EXISTS tenantry.cold_request_failure (
  request_id uuid PRIMARY KEY,
  tenant text NOT NULL,
  error text NOT NULL,
  failed_at timestamptz NOT NULL DEFAULT now()
);

REVOKE ALL ON :"events".cold_request, :"events".cold_retrieval, tenantry.cold_request_failure FROM PUBLIC;
ALTER TABLE tenantry.cold_request_failure ENABLE ROW LEVEL SECURITY;

-- The application's tables with a cold tier.
CREATE OR REPLACE FUNCTION :"events".cold_tables() RETURNS text[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CAST(:'cold_tables' AS text[]);

-- How many requests of a tenant may be open at once.
CREATE OR REPLACE FUNCTION :"events".open_cold_requests() RETURNS integer
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CAST(:'open_cold_requests' AS integer);

-- Asks for the tenant's cold rows of a table from one time to another, without the end. Returns the request's id at once.
-- `rows` restores them into a table that the roles may read which may read the table itself; `files` returns links to the
-- Parquet files. The event and the request commit together.
CREATE OR REPLACE FUNCTION :"events".request_cold(
  tenant :type, table_name text, from_time timestamptz, until_time timestamptz, form text DEFAULT 'rows'
) RETURNS uuid
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  request CONSTANT uuid := gen_random_uuid();
  wanted CONSTANT text := CASE WHEN starts_with(table_name, :'root_schema' || '.')
    THEN substr(table_name, length(:'root_schema') + 2) ELSE table_name END;
  open_requests bigint;
  event uuid;
BEGIN
  PERFORM tenantry.require_tenant(tenant);
  IF NOT has_table_privilege(':"events".cold_request', 'INSERT') THEN
    RAISE EXCEPTION 'cold rows can''t be asked for here'
      USING ERRCODE = 'insufficient_privilege',
        HINT = 'The stack needs a store (tenantry:store), a table with a cold tier, and a role in architecture.yaml that reads it.';
  END IF;
  IF wanted IS NULL OR wanted <> ALL (:"events".cold_tables()) THEN
    RAISE EXCEPTION 'the table % has no cold tier', coalesce(quote_literal(left(table_name, 80)), 'null')
      USING ERRCODE = 'invalid_parameter_value',
        HINT = format('Ask for one of: %s.', array_to_string(:"events".cold_tables(), ', '));
  END IF;
  IF NOT has_table_privilege(format('%I.%I', :'root_schema', wanted), 'SELECT') THEN
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
  SELECT count(*) INTO open_requests FROM :"events".cold_request AS asked
  LEFT JOIN :"events".cold_retrieval AS got ON got.:"column" = request_cold.tenant AND got.request_id = asked.id
  WHERE asked.:"column" = request_cold.tenant AND asked.cancelled_at IS NULL
    AND coalesce(got.state, 'asked') IN ('asked', 'fetching', 'ready');
  IF open_requests >= :"events".open_cold_requests() THEN
    RAISE EXCEPTION 'the tenant has % open requests for cold rows, and may have %', open_requests, :"events".open_cold_requests()
      USING ERRCODE = 'configuration_limit_exceeded',
        HINT = 'Cancel one that is no longer needed (cancel_cold), wait until one expires, or raise cold.openRequests.';
  END IF;
  IF coalesce(has_table_privilege(to_regclass(':"events".outbox'), 'INSERT'), false) THEN
    event := :"events".emit(tenant, 'cold_request', request::text, 'ColdRequestAsked',
      jsonb_build_object('request', request, 'table', wanted, 'from', from_time, 'until', until_time, 'form', form));
  END IF;
  INSERT INTO :"events".cold_request (:"column", id, table_name, from_time, until_time, form, event_id)
  VALUES (tenant, request, wanted, from_time, until_time, form, event);
  RETURN request;
END
$$;

-- Cancels a request: it is fetched no further, and what it restored is dropped. True if it was open.
CREATE OR REPLACE FUNCTION :"events".cancel_cold(tenant :type, request uuid) RETURNS boolean
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM tenantry.require_tenant(tenant);
  UPDATE :"events".cold_request AS asked SET cancelled_at = now()
  WHERE asked.:"column" = cancel_cold.tenant AND asked.id = request AND asked.cancelled_at IS NULL;
  RETURN FOUND;
END
$$;

-- How far a request is. A result that has expired is no longer ready, also before the worker has dropped it.
CREATE OR REPLACE FUNCTION :"events".cold_status(
  tenant :type, request uuid,
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
  FROM :"events".cold_request AS asked
  LEFT JOIN :"events".cold_retrieval AS got ON got.:"column" = cold_status.tenant AND got.request_id = asked.id
  WHERE asked.:"column" = cold_status.tenant AND asked.id = request;
END
$$;
