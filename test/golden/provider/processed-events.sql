CREATE OR REPLACE FUNCTION tenantry.processed_events_retention() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN interval '4 weeks';
CREATE TABLE "tenantry"."processed_events" (
  "tenant_id" uuid NOT NULL,
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  processed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY ("tenant_id", consumer, event_id)
);
CREATE INDEX processed_events_processed_at ON "tenantry"."processed_events" ("tenant_id", processed_at);
-- where Citus is installed:;
SELECT create_distributed_table('"tenantry"."processed_events"', 'tenant_id', colocate_with => '"ecommerce"."tenants"')
