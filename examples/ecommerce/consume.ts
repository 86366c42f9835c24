import { setTimeout as sleep } from "node:timers/promises";
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from "kafkajs";
import { type EventRecord, eventRecord } from "../../kafka/record";

interface ConsumeOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Handles a record and commits the work. It must be idempotent, because a record may come again. */
  handle(record: EventRecord): Promise<void>;
  /** The topic for records that keep failing. A header holds the reason. */
  readonly parkingTopic: string;
  /** Called for every failure; `parked` is true if the record was moved to the parking topic. Never log payloads: they hold tenants' data. */
  onFailure?(failure: Failure): void;
}

export interface Failure {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly tenant: string;
  readonly attempt: number;
  readonly parked: boolean;
  readonly reason: string;
}

/** The number of attempts before a record is parked, with pauses of 0.1, 0.4 … seconds. */
const attempts = 3;

/**
 * Consumes at least once: it commits an offset after it has handled the record, so a killed consumer repeats the last few
 * records. It parks a record that fails three times because of its content, so that one bad record doesn't block its
 * partition for ever. Parking breaks the order of events with the same key, which the read model tolerates. While the database
 * is away it parks nothing: the batch fails and is repeated.
 */
export async function consume(options: ConsumeOptions): Promise<{ stop(): Promise<void> }> {
  const consumer = options.kafka.consumer({
    groupId: options.groupId,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 200,
  });
  const producer = options.kafka.producer();
  await Promise.all([consumer.connect(), producer.connect(), ensureTopic(options.kafka, options.parkingTopic)]);
  const park = async (record: EventRecord, message: KafkaMessage, reason: string) => {
    const { topic, partition, offset } = record;
    const headers = { ...message.headers, parked_from: `${topic}/${partition}/${offset}`, parked_reason: reason };
    await producer.send({
      topic: options.parkingTopic,
      messages: [{ key: message.key, value: message.value, headers }],
    });
  };
  await consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
  // kafkajs leaves the group while batches of other partitions still run. These couldn't commit then, so we wait for them.
  const underWay = new Set<Promise<void>>();
  let isStopping = false;
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: 3,
    eachBatch: (batch) => {
      const work = handleBatch(consumer, batch, options, park, () => isStopping);
      underWay.add(work);
      return work.finally(() => underWay.delete(work));
    },
  });
  return {
    async stop() {
      isStopping = true;
      await Promise.allSettled(underWay);
      await consumer.disconnect();
      await producer.disconnect();
    },
  };
}

/** Creates the topic if it does not exist, because brokers may not create topics by themselves. */
async function ensureTopic(kafka: Kafka, topic: string): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({ topics: [{ topic }], waitForLeaders: true });
  } finally {
    await admin.disconnect();
  }
}

type Park = (record: EventRecord, message: KafkaMessage, reason: string) => Promise<void>;

async function handleBatch(
  consumer: Consumer,
  payload: EachBatchPayload,
  options: ConsumeOptions,
  park: Park,
  isStopping: () => boolean,
): Promise<void> {
  const { batch, resolveOffset, heartbeat, isRunning, isStale } = payload;
  const { topic, partition } = batch;
  let done: string | undefined;
  try {
    for (const message of batch.messages) {
      if (isStopping() || !isRunning() || isStale()) break;
      await handleMessage(eventRecord(topic, partition, message), message, options, park);
      resolveOffset(message.offset);
      done = message.offset;
      await heartbeat();
    }
  } finally {
    if (done !== undefined && !isStale()) {
      await consumer.commitOffsets([{ topic, partition, offset: String(BigInt(done) + 1n) }]);
    }
  }
}

async function handleMessage(record: EventRecord, message: KafkaMessage, options: ConsumeOptions, park: Park) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (!record.id || !record.tenant || !record.type)
        throw new BadRecord("a header of id, tenant and type is missing");
      return await options.handle(record);
    } catch (error) {
      const { topic, partition, offset, tenant } = record;
      const reason = reasonOf(error);
      const isOwnFault = isFaultOfRecord(error);
      const parked = isOwnFault && attempt >= attempts;
      if (parked) await park(record, message, reason);
      options.onFailure?.({ topic, partition, offset, tenant, attempt, parked, reason });
      if (parked) return;
      if (!isOwnFault) throw error;
      await sleep(100 * 4 ** (attempt - 1));
    }
  }
}

/** The error for a record that no handler can process. */
export class BadRecord extends Error {}

/**
 * True if the record itself is bad: its payload is invalid, or PostgreSQL rejects its data (error classes 22 and 23). Other
 * errors, such as a lost connection or a missing privilege, would affect every record.
 */
function isFaultOfRecord(error: unknown): boolean {
  if (error instanceof BadRecord) return true;
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" && /^2[23]...$/.test(code);
}

/** The first line of an error. It names columns and paths; values are only in the detail. */
function reasonOf(error: unknown): string {
  const { name, message } = error as Error;
  return `${name}: ${message}`.split("\n", 1)[0]?.slice(0, 200) ?? "";
}
