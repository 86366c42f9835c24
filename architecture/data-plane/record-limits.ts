import type { TenantType } from "../application";

/**
 * The limit of a record on its whole way: the producer's `max.request.size`, which counts before compression, with
 * Kafka's default. A broker's `message.max.bytes` is twelve bytes larger. `replica.fetch.max.bytes` is no limit,
 * because a broker fetches a single record of any size.
 */
export const producerLimitBytes = 1_048_576;
/**
 * The limit of the topics of events. It is Kafka's default, and set explicitly in case a broker's own limit is smaller.
 */
export const topicLimitBytes = producerLimitBytes + 12;

/** Limits of the outbox columns that PostgreSQL does not limit, and that become part of a record beside its payload. */
export const mostBytes = { tenant: 1024, aggregate_id: 4096, type: 1024 } as const;

/** Bytes of the tenant as text. */
const tenantBytes: Readonly<Record<TenantType, number>> = { uuid: 36, bigint: 20, integer: 11, text: mostBytes.tenant };
/** Bytes of the values of `id` and `created_at`, and of the names of all four headers. */
const otherHeaderBytes = 36 + 20 + "id".length + "tenant".length + "type".length + "created_at".length;
/**
 * Bytes of the batch header (61), the record header (21), the length fields, and LZ4's overhead on text that it can't
 * compress, rounded up generously.
 */
const overheadBytes = 4096;

/** The largest record that an outbox accepts: key, headers and value at their limits, and Kafka's overhead. */
export function largestRecordBytes(maxPayloadBytes: number, tenant: TenantType): number {
  return (
    mostBytes.aggregate_id + tenantBytes[tenant] + mostBytes.type + otherHeaderBytes + maxPayloadBytes + overheadBytes
  );
}

/** The largest payload whose record always fits, in whole KiB for people. */
export const largestPayloadBytes = 960 * 1024;
