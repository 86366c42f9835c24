import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Consumer, Kafka } from "kafkajs";
import { type EventRecord, eventRecord } from "./record";

/** The end offset of each partition, by topic. A topic that does not exist yet has none, and is read from its start. */
export type Ends = ReadonlyMap<string, readonly { readonly partition: number; readonly offset: string }[]>;

/** Returns the topics' current ends. Records after them are read by `tail`. */
export async function readEnds(kafka: Kafka, topics: readonly string[]): Promise<Ends> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const ends = topics
      .filter((topic) => existing.has(topic))
      .map(async (topic) => [topic, await admin.fetchTopicOffsets(topic)] as const);
    return new Map(await Promise.all(ends));
  } finally {
    await admin.disconnect();
  }
}

/** Waits until Connect has created the topics. Returns the topics that are still missing after the timeout. */
export async function waitForTopics(
  kafka: Kafka,
  topics: readonly string[],
  timeoutMs: number,
): Promise<readonly string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    for (const deadline = Date.now() + timeoutMs; ; await sleep(200)) {
      const existing = new Set(await admin.listTopics());
      const missing = topics.filter((topic) => !existing.has(topic));
      if (missing.length === 0 || Date.now() > deadline) return missing;
    }
  } finally {
    await admin.disconnect();
  }
}

/**
 * Reads committed records from the ends on, until stopped. The consumer group commits no offsets, so it vanishes
 * afterwards. A member whose process stalled may lose its assignment and read again; records at offsets already seen
 * are skipped. So each record is reported once, and duplicates in the topic are reported too.
 */
export async function tail(
  kafka: Kafka,
  topics: readonly string[],
  ends: Ends,
  see: (record: EventRecord) => void,
): Promise<{ stop(): Promise<void> }> {
  const consumer = kafka.consumer({
    groupId: `tenantry-tail-${randomUUID()}`,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 100,
  });
  const next = new Map<string, bigint>();
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, partition, message }) => {
      const start = ends.get(topic)?.find((end) => end.partition === partition)?.offset ?? "0";
      const place = `${topic}/${partition}`;
      const offset = BigInt(message.offset);
      if (offset < (next.get(place) ?? BigInt(start))) return;
      next.set(place, offset + 1n);
      see(eventRecord(topic, partition, message));
    },
  });
  seekToEnds(consumer, ends);
  return { stop: () => consumer.disconnect() };
}

function seekToEnds(consumer: Consumer, ends: Ends): void {
  for (const [topic, partitions] of ends) {
    for (const { partition, offset } of partitions) consumer.seek({ topic, partition, offset });
  }
}
