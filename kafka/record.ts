import type { IHeaders, KafkaMessage } from "kafkajs";

/** An event as a consumer gets it: what the outbox held, and where it came. */
export interface EventRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** The aggregate's id. */
  readonly key: string;
  /** The event's id, by which a redelivery is recognised. */
  readonly id: string;
  readonly tenant: string;
  readonly type: string;
  readonly createdAt: string;
  /** The payload's JSON text, byte for byte. Empty for a record without a value. */
  readonly payload: string;
}

/** Headers that are missing come out empty: whether that matters is the reader's to say. */
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
