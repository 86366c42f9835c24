-- Whose rows the transaction sees: row level security compares the tenant column with app.tenant_id.

-- Sets the tenant until the end of the transaction. Only SET LOCAL travels to Citus' workers: set_config() and SET do
-- not. Outside a transaction block it ends with its own statement, and every table looks empty.
CREATE OR REPLACE FUNCTION tenantry.set_tenant(tenant :type) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF tenant IS NULL THEN
    RAISE EXCEPTION 'set_tenant: the tenant is null'
      USING ERRCODE = 'null_value_not_allowed', HINT = 'Pass the id of the tenant that the request belongs to.';
  END IF;
  EXECUTE format('SET LOCAL app.tenant_id = %L', tenant);
END
$$;

-- The transaction's tenant, or null.
CREATE OR REPLACE FUNCTION tenantry.current_tenant() RETURNS :type
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN CAST(nullif(current_setting('app.tenant_id', true), '') AS :type);

-- Ends with an error that says what to do, where row level security would only say no.
CREATE OR REPLACE FUNCTION tenantry.require_tenant(tenant :type) RETURNS void
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
