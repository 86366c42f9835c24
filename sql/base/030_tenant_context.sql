-- Whose rows the transaction sees: row level security compares the tenant column with app.tenant_id.

-- Sets the tenant until the end of the transaction. Only SET LOCAL travels to Citus' workers: set_config() and SET do
-- not, but cost less where there are none. Outside a transaction block it ends with its own statement, and every table
-- looks empty.
--
-- Functions that each transaction calls qualify their names: a search_path of the function's own would cost it as much as its work.
CREATE OR REPLACE FUNCTION tenantry.set_tenant(tenant :type) RETURNS void
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
