import type { TenantType } from "../application";

/**
 * What a record may weigh on its whole way: the producer's `max.request.size`, which holds a record before compression, and
 * Kafka's own default of it. A broker's `message.max.bytes` is twelve bytes more. `replica.fetch.max.bytes` is no limit: a
 * broker fetches one record of any size.
 */
export const producerLimitBytes = 1_048_576;
/** What the topics of events take; Kafka's own default, said so that a broker's smaller one does not hold for them. */
export const topicLimitBytes = producerLimitBytes + 12;

/** The columns of the outbox that are text of any length for PostgreSQL, and become part of a record beside its payload. */
export const mostBytes = { tenant: 1024, aggregate_id: 4096, type: 1024 } as const;

/** The tenant as text. */
const tenantBytes: Readonly<Record<TenantType, number>> = { uuid: 36, bigint: 20, integer: 11, text: mostBytes.tenant };
/** The values of `id` and `created_at`, and the names of all four headers. */
const otherHeaderBytes = 36 + 20 + "id".length + "tenant".length + "type".length + "created_at".length;
/** The batch (61), the record (21), the lengths in it, and what LZ4 adds to text that it can't compress, with room to spare. */
const overheadBytes = 4096;

/** The largest record that an outbox lets through: key, headers and value at their bounds, and what Kafka adds. */
export function largestRecordBytes(maxPayloadBytes: number, tenant: TenantType): number {
  return (
    mostBytes.aggregate_id + tenantBytes[tenant] + mostBytes.type + otherHeaderBytes + maxPayloadBytes + overheadBytes
  );
}

/** The largest payload whose record fits in any case; in whole KiB, for people. */
export const largestPayloadBytes = 960 * 1024;
