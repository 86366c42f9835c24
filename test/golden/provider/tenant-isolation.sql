-- # make
CREATE POLICY "tenant_isolation" ON "shop"."orders" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid)
ALTER TABLE "shop"."orders" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY
GRANT USAGE ON SCHEMA "shop" TO "shop_agent"
GRANT SELECT ON "shop"."orders" TO "shop_agent"
GRANT USAGE ON SCHEMA "shop" TO "shop_app"
GRANT SELECT, INSERT ON "shop"."orders" TO "shop_app"

-- # nothing to do


-- # a partition was opened, and a policy added
ALTER TABLE "shop"."orders_p1" ENABLE ROW LEVEL SECURITY
DROP POLICY "support" ON "shop"."orders"

-- # another type
DROP POLICY "tenant_isolation" ON "shop"."orders"
CREATE POLICY "tenant_isolation" ON "shop"."orders" USING ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::text) WITH CHECK ("tenant_id" = nullif(current_setting('app.tenant_id', true), '')::text)

-- # a role may write
GRANT UPDATE ON "shop"."orders" TO "shop_agent"

-- # delete
-- row level security stays on
REVOKE SELECT ON "shop"."orders" FROM "shop_agent"
REVOKE SELECT, INSERT ON "shop"."orders" FROM "shop_app"
