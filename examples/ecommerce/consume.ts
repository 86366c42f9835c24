import { setTimeout as sleep } from "node:timers/promises";
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from "kafkajs";
import { type EventRecord, eventRecord } from "../../kafka/record";

export interface ConsumeOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Does the work and commits it. A record may come again: this must bear it. */
  handle(record: EventRecord): Promise<void>;
  /** Where records go that fail again and again, with the reason as a header. */
  readonly parkingTopic: string;
  /** Told of every failure; `parked` when the record was put aside. Give it no payload: it holds tenants' data. */
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

/** How often a record is tried before it is put aside, with pauses of 0.1, 0.4 … seconds. */
const attempts = 3;

/**
 * Consumes at least once: an offset is committed after its record was handled, so a killed consumer repeats the last
 * few. A record that fails three times by its own fault is parked, and the next one goes on: one bad record must not stop
 * its partition for ever. Parking breaks the order of its key, which the read model bears. When the database is away
 * nothing is parked: the batch fails, and is tried again.
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
  // kafkajs leaves the group while batches of other partitions still run, which then can't commit: we wait for them.
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

/** Brokers need not make topics by themselves; one that is there stays as it is. */
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

/** A record that no handler can do anything with. */
export class BadRecord extends Error {}

/**
 * Whether trying the next record makes sense: the payload is not what it should be, or PostgreSQL refuses its data
 * (classes 22 and 23). All else, such as a database that is away or a missing privilege, would park every record.
 */
function isFaultOfRecord(error: unknown): boolean {
  if (error instanceof BadRecord) return true;
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" && /^2[23]...$/.test(code);
}

/** An error's first line: PostgreSQL's and the parser's name columns and paths, and only the detail holds values. */
function reasonOf(error: unknown): string {
  const { name, message } = error as Error;
  return `${name}: ${message}`.split("\n", 1)[0]?.slice(0, 200) ?? "";
}
