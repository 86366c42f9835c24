-- with Citus, on every node:;
ALTER TABLE pg_catalog.pg_dist_shard SET (user_catalog_table = true);
ALTER TABLE pg_catalog.pg_dist_partition SET (user_catalog_table = true);
CREATE TABLE "tenantry"."outbox" (
  "tenant_id" uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT now(),
  created_us bigint NOT NULL DEFAULT (extract(epoch FROM now()) * 1000000)::bigint,
  aggregate_type text NOT NULL,
  aggregate_id text NOT NULL,
  type text NOT NULL,
  payload jsonb NOT NULL,
  PRIMARY KEY ("tenant_id", created_at, id),
  CONSTRAINT aggregate_type_is_declared_in_architecture_yaml CHECK (aggregate_type = ANY (ARRAY['order'::text, 'payment'::text])),
  CONSTRAINT aggregate_id_at_most_4096_bytes_or_put_it_into_the_payload CHECK (octet_length(aggregate_id) <= 4096),
  CONSTRAINT type_at_most_1024_bytes_or_put_it_into_the_payload CHECK (octet_length(type) <= 1024),
  CONSTRAINT payload_at_most_8192_bytes_or_use_a_claim_check CHECK (octet_length((payload)::text) <= 8192)
) PARTITION BY RANGE (created_at);
-- where Citus is installed:;
SELECT create_distributed_table('"tenantry"."outbox"', 'tenant_id', colocate_with => '"ecommerce"."tenants"');
CREATE PUBLICATION "tenantry_outbox" FOR TABLE "tenantry"."outbox" ("id", "aggregate_type", "aggregate_id", "payload", "tenant_id", "type", "created_us")
WITH (publish = 'insert', publish_via_partition_root = true)
