-- The claim check: a payload above the outbox's limit lies in a store, encrypted with a key of its tenant, and the event
-- carries a reference. docs/claim-check.md has the format.

-- Deleting a tenant's row makes everything that was encrypted with it unreadable.
CREATE TABLE IF NOT EXISTS :"events".tenant_key (
  :"column" :type NOT NULL PRIMARY KEY,
  key_id uuid NOT NULL,
  -- The key, encrypted with the application's master key, in base64.
  wrapped text NOT NULL,
  -- Name of that master key.
  master_key text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Written with its event, so an object without a row is one whose transaction rolled back.
CREATE TABLE IF NOT EXISTS :"events".claim (
  :"column" :type NOT NULL,
  -- Of the object's bytes; part of its name.
  sha256 text NOT NULL,
  event_id uuid NOT NULL,
  bytes bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (:"column", sha256)
);
CREATE INDEX IF NOT EXISTS claim_created_at ON :"events".claim (created_at);
REVOKE ALL ON :"events".tenant_key, :"events".claim FROM PUBLIC;

-- The tenant's key: the given one if it has none yet. Returns the tenant's canonical text, the key's id, what is in `wrapped`,
-- and the name of the master key.
CREATE OR REPLACE FUNCTION :"events".provide_tenant_key(
  tenant :type, key_id uuid, wrapped text, master_key text
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
    FROM :"events".tenant_key AS own WHERE own.:"column" = provide_tenant_key.tenant;
    EXIT WHEN found IS NOT NULL;
    INSERT INTO :"events".tenant_key (:"column", key_id, wrapped, master_key)
    VALUES (tenant, provide_tenant_key.key_id, provide_tenant_key.wrapped, provide_tenant_key.master_key)
    ON CONFLICT DO NOTHING;
  END LOOP;
  RETURN found;
END
$$;

-- Emits an event that refers to an object, which must be in the store already. Returns the event's id.
CREATE OR REPLACE FUNCTION :"events".emit_claim(
  tenant :type, aggregate_type text, aggregate_id text, type text,
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
  event_id := :"events".emit(tenant, aggregate_type, aggregate_id, type, jsonb_build_object(
    'dataref', dataref, 'datacontenttype', datacontenttype, 'datasha256', datasha256, 'databytes', databytes,
    'datakey', datakey, 'dataencryption', 'A256GCM'));
  INSERT INTO :"events".claim (:"column", sha256, event_id, bytes) VALUES (tenant, datasha256, event_id, databytes);
  RETURN event_id;
END
$$;

-- The key of an object that an event of this tenant refers to: what is in `wrapped`, and the name of the master key.
CREATE OR REPLACE FUNCTION :"events".open_claim(tenant :type, datasha256 text, datakey uuid) RETURNS jsonb
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found jsonb;
BEGIN
  PERFORM tenantry.require_tenant(tenant);
  IF NOT EXISTS (SELECT FROM :"events".claim AS own WHERE own.:"column" = open_claim.tenant AND own.sha256 = open_claim.datasha256) THEN
    RAISE EXCEPTION 'no event of tenant % refers to the object %', tenant, datasha256
      USING ERRCODE = 'TC001', HINT = 'It belongs to another tenant, or its retention has passed.';
  END IF;
  SELECT jsonb_build_object('tenant', open_claim.tenant::text, 'wrapped', own.wrapped, 'master_key', own.master_key) INTO found
  FROM :"events".tenant_key AS own WHERE own.:"column" = open_claim.tenant AND own.key_id = open_claim.datakey;
  IF found IS NULL THEN
    RAISE EXCEPTION 'the key % of tenant % was erased', datakey, tenant
      USING ERRCODE = 'TC002', HINT = 'Nobody can read what was encrypted with it any more.';
  END IF;
  RETURN found;
END
$$;

-- Removes the rows of claims that no redelivery needs any more, so that the collection of orphans deletes their objects.
-- Returns how many it removed: call it again until that is less than the batch.
-- tenantry:allow query-without-tenant It prunes the claims of all tenants
CREATE OR REPLACE FUNCTION :"events".prune_claims(batch integer DEFAULT 10000) RETURNS bigint
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  forgotten bigint;
BEGIN
  DELETE FROM :"events".claim AS own
  WHERE (own.:"column", own.sha256) IN (
    SELECT old.:"column", old.sha256 FROM :"events".claim AS old
    WHERE old.created_at < now() - tenantry.processed_events_retention() LIMIT batch
  );
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END
$$;
REVOKE EXECUTE ON FUNCTION :"events".prune_claims(integer) FROM PUBLIC;
