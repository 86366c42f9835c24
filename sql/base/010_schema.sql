-- The toolkit's own schema. Everybody may look names up in it, as every role calls set_tenant(); what a role may do with a
-- table or an operator's function in it is granted one by one.
CREATE SCHEMA IF NOT EXISTS tenantry;
GRANT USAGE ON SCHEMA tenantry TO PUBLIC;
