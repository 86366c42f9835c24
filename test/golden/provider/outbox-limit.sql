ALTER TABLE "tenantry"."outbox" DROP CONSTRAINT "payload_at_most_8192_bytes_or_use_a_claim_check";
ALTER TABLE "tenantry"."outbox" ADD CONSTRAINT payload_at_most_65536_bytes_or_use_a_claim_check CHECK (octet_length((payload)::text) <= 65536) NOT VALID
