import type { IHeaders, KafkaMessage } from "kafkajs";

/** An event as a consumer receives it: the outbox row's values, and the record's position. */
export interface EventRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** The aggregate's id. */
  readonly key: string;
  /** The event's id, which identifies a redelivery. */
  readonly id: string;
  readonly tenant: string;
  readonly type: string;
  readonly createdAt: string;
  /** The payload's JSON text, byte for byte. Empty for a record without a value. */
  readonly payload: string;
}

/** Converts a record. Missing headers become empty; the caller decides if that matters. */
export function eventRecord(
  topic: string,
  partition: number,
  { offset, key, value, headers = {} }: KafkaMessage,
): EventRecord {
  return {
    topic,
    partition,
    offset,
    key: key?.toString() ?? "",
    id: header(headers, "id"),
    tenant: header(headers, "tenant"),
    type: header(headers, "type"),
    createdAt: header(headers, "created_at"),
    payload: value?.toString() ?? "",
  };
}

function header(headers: IHeaders, name: string): string {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value)?.toString() ?? "";
}
