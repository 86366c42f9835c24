-- The toolkit's own schema. Everybody may look names up in it, as every role calls set_tenant(); what a role may do with a
-- table or an operator's function in it is granted one by one.
CREATE SCHEMA IF NOT EXISTS tenantry;
GRANT USAGE ON SCHEMA tenantry TO PUBLIC;

-- The tenant column's name, for the few functions that build their SQL when they run.
CREATE OR REPLACE FUNCTION tenantry.tenant_column() RETURNS name
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN :'column';
