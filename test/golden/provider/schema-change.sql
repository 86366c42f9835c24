-- not begun -> expand
-- phase expand: holds ACCESS EXCLUSIVE for a moment, waits 1s for it at most
ALTER TABLE "shop"."orders" ADD COLUMN IF NOT EXISTS "total_cents" bigint

-- expand -> dual-write
-- phase dual-write: holds ACCESS EXCLUSIVE for a moment, waits 1s for it at most
SET LOCAL citus.enable_unsafe_triggers = on
CREATE OR REPLACE FUNCTION "shop"."tenantry_085_total_in_cents"() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, "shop", public, pg_temp
AS '
BEGIN
  IF NEW."total_cents" IS NULL AND OLD."total_cents" IS NULL THEN
    NEW."total_cents" := (NEW."total" * 100)::bigint;
  ELSIF TG_OP = ''INSERT'' THEN
    NEW."total" := (NEW."total_cents" / 100.0);
  ELSIF ROW(NEW."total_cents") IS DISTINCT FROM ROW(OLD."total_cents") THEN
    IF NOT (NEW."total_cents" IS NOT DISTINCT FROM (NEW."total" * 100)::bigint) THEN
      NEW."total" := (NEW."total_cents" / 100.0);
    END IF;
  ELSIF ROW(NEW."total") IS DISTINCT FROM ROW(OLD."total") THEN
    NEW."total_cents" := (NEW."total" * 100)::bigint;
  END IF;
  RETURN NEW;
END
'
REVOKE EXECUTE ON FUNCTION "shop"."tenantry_085_total_in_cents"() FROM PUBLIC
DROP TRIGGER IF EXISTS "tenantry_085_total_in_cents" ON "shop"."orders"
CREATE TRIGGER "tenantry_085_total_in_cents" BEFORE INSERT OR UPDATE ON "shop"."orders"
  FOR EACH ROW EXECUTE FUNCTION "shop"."tenantry_085_total_in_cents"()
ALTER TABLE "shop"."orders" DROP CONSTRAINT IF EXISTS "tenantry_085_total_in_cents_1"
ALTER TABLE "shop"."orders" ADD CONSTRAINT "tenantry_085_total_in_cents_1" CHECK ("total_cents" IS NOT NULL) NOT VALID

-- dual-write -> backfill
-- phase backfill: fills the rows that exist in batches that each commit; other sessions wait for no table lock
-- then, while others read and write:
ALTER TABLE "shop"."orders" VALIDATE CONSTRAINT "tenantry_085_total_in_cents_1"

-- backfill -> switch-reads
-- phase switch-reads: compares the old and the new columns of every row, and refuses to go on if they disagree
ALTER TABLE "shop"."orders" ALTER COLUMN "total_cents" SET NOT NULL
ALTER TABLE "shop"."orders" DROP CONSTRAINT IF EXISTS "tenantry_085_total_in_cents_1"

-- switch-reads -> contract
-- phase contract: drops columns with their values, 7 days after switch-reads at the earliest
SET LOCAL citus.enable_unsafe_triggers = on
DROP TRIGGER IF EXISTS "tenantry_085_total_in_cents" ON "shop"."orders"
DROP FUNCTION IF EXISTS "shop"."tenantry_085_total_in_cents"()
ALTER TABLE "shop"."orders" DROP COLUMN IF EXISTS "total"

-- switch-reads -> backfill
-- back to phase backfill: holds ACCESS EXCLUSIVE for a moment, waits 1s for it at most
ALTER TABLE "shop"."orders" DROP CONSTRAINT IF EXISTS "tenantry_085_total_in_cents_1"
ALTER TABLE "shop"."orders" ADD CONSTRAINT "tenantry_085_total_in_cents_1" CHECK ("total_cents" IS NOT NULL) NOT VALID
ALTER TABLE "shop"."orders" ALTER COLUMN "total_cents" DROP NOT NULL

-- backfill -> dual-write
-- back to phase dual-write:

-- dual-write -> expand
-- back to phase expand: holds ACCESS EXCLUSIVE for a moment, waits 1s for it at most
SET LOCAL citus.enable_unsafe_triggers = on
DROP TRIGGER IF EXISTS "tenantry_085_total_in_cents" ON "shop"."orders"
DROP FUNCTION IF EXISTS "shop"."tenantry_085_total_in_cents"()
ALTER TABLE "shop"."orders" DROP COLUMN IF EXISTS "total_cents"
ALTER TABLE "shop"."orders" ADD COLUMN IF NOT EXISTS "total_cents" bigint

-- expand -> not begun
ALTER TABLE "shop"."orders" DROP COLUMN IF EXISTS "total_cents"
