-- # make
-- where Citus is installed:
SELECT create_reference_table('"shop"."countries"')
GRANT USAGE ON SCHEMA "shop" TO "shop_agent"
GRANT SELECT ON "shop"."countries" TO "shop_agent"
GRANT USAGE ON SCHEMA "shop" TO "shop_app"
GRANT SELECT ON "shop"."countries" TO "shop_app"

-- # a role is no longer declared
REVOKE SELECT ON "shop"."countries" FROM "shop_agent"

-- # TRUNCATE was granted by hand
REVOKE TRUNCATE ON "shop"."countries" FROM "shop_app"

-- # delete
REVOKE SELECT ON "shop"."countries" FROM "shop_agent"
REVOKE SELECT ON "shop"."countries" FROM "shop_app"
-- the table stays with its rows, unless tenantry:allow has "drop shop.countries":
DROP TABLE IF EXISTS "shop"."countries"
