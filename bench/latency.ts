import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { debeziumClass } from "../architecture/data-plane/connector-class";
import { createdColumn } from "../architecture/data-plane/outbox-table";
import type { Endpoints } from "../architecture/endpoints";
import { openKafka } from "../kafka/kafka-client";
import { readEnds, tail, waitForTopics } from "../kafka/topic-tail";
import { withSession } from "../local/servers/sql-session";
import type { ConnectorConfig } from "../provider/connect/connect-state";
import type { Bench } from "./bench";
import { ourConnector, prepareOutbox, requireOneNode, withStream } from "./bench-stream";
import type { Measurement } from "./measurement";
import { patienceMs, until } from "./patience";
import { percentile } from "./statistics";

const perSecond = 200;
/** A new worker of Connect shares the cores with its compiler for about so long. */
const warmUpMs = 30_000;
const ourTopic = "ecommerce.order.events";
const defaultsTopic = "defaults.order.events";

/** Measures the latency from created_at to the consumer. Our connector and Debezium's defaults read the same events at the same time. */
export async function measureLatency(bench: Bench): Promise<readonly Measurement[]> {
  const { servers } = bench;
  requireOneNode(servers);
  return servers.withDatabase("ecommerce", (endpoints) =>
    withSession(endpoints.postgres, endpoints.postgres.database, async (client) => {
      await prepareOutbox(servers, endpoints, client);
      const context = { ...bench, endpoints, client };
      return [...(await measureMode(context, "eventual")), ...(await measureMode(context, "strong"))];
    }),
  );
}

interface Context extends Bench {
  readonly endpoints: Endpoints;
  readonly client: Client;
}

async function measureMode(context: Context, consistency: "strong" | "eventual"): Promise<readonly Measurement[]> {
  const { servers, endpoints, client, progress } = context;
  await servers.restartConnect(consistency === "strong");
  const ours = await ourConnector(endpoints, consistency);
  const defaults = { connector: "defaults", config: debeziumDefaults(ours.config) };
  const latencies = await withStream(endpoints, client, ours, () =>
    withStream(endpoints, client, defaults, () =>
      progress.part(
        `latency, ${consistency === "strong" ? "exactly once" : "at least once"}`,
        () => observe(context),
        (found) =>
          `p99 ${percentile(found.ours, 0.99).toFixed(0)} against ${percentile(found.theirs, 0.99).toFixed(0)} ms`,
      ),
    ),
  );
  return [0.5, 0.99].map((share) => compare(consistency, share, latencies));
}

interface Latencies {
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

function compare(consistency: "strong" | "eventual", share: number, latencies: Latencies): Measurement {
  const [ours, theirs] = [percentile(latencies.ours, share), percentile(latencies.theirs, share)];
  return {
    what: `latency p${share * 100}, ${consistency === "strong" ? "exactly once" : "at least once"}`,
    against: consistency === "strong" ? "Debezium's defaults, same worker" : "Debezium's defaults",
    unit: "ms",
    ours,
    theirs,
    ratio: ours / theirs,
    ...(share === 0.99 && { target: { atMost: 0.05 } }),
  };
}

/** The latencies in milliseconds of the events written after the warm-up. */
async function observe({ endpoints, client, sizes }: Context): Promise<Latencies> {
  const kafka = openKafka(endpoints.kafka, "tenantry-bench");
  const found = { ours: [] as number[], theirs: [] as number[] };
  const firstSeen = { ours: false, theirs: false };
  let fromUs = Number.POSITIVE_INFINITY;
  const see = (side: keyof typeof found) => (record: { readonly createdAt: string }) => {
    const nowUs = (performance.timeOrigin + performance.now()) * 1_000;
    const createdUs = Number(record.createdAt);
    firstSeen[side] = true;
    if (createdUs >= fromUs) found[side].push((nowUs - createdUs) / 1_000);
  };
  // A topic is created with its first record, and a consumer subscribes only to existing topics.
  await write(client);
  const missing = await waitForTopics(kafka, [ourTopic, defaultsTopic], patienceMs);
  if (missing.length > 0) throw new Error(`No event came to ${missing.join(" and ")}`);
  // The topics hold events of earlier benchmarks and runs. A consumer that read those first would see new events seconds late.
  const ends = await readEnds(kafka, [ourTopic, defaultsTopic]);
  const tails = [
    await tail(kafka, [ourTopic], ends, see("ours")),
    await tail(kafka, [defaultsTopic], ends, see("theirs")),
  ];
  try {
    await until("both consumers read", async () => {
      await write(client);
      return firstSeen.ours && firstSeen.theirs;
    });
    await traffic(client, warmUpMs);
    fromUs = Date.now() * 1_000;
    const written = await traffic(client, sizes.seconds * 1_000);
    await until("all events have come", async () => found.ours.length >= written && found.theirs.length >= written);
    return found;
  } finally {
    for (const each of tails) await each.stop();
  }
}

/** Writes events at the rate, and catches up at once when it is late. Returns the number of events. */
async function traffic(client: Client, ms: number): Promise<number> {
  const start = performance.now();
  let written = 0;
  for (let elapsed = 0; elapsed < ms; elapsed = performance.now() - start) {
    for (; written < (elapsed * perSecond) / 1_000; written++) await write(client);
    await sleep(2);
  }
  return written;
}

async function write(client: Client): Promise<void> {
  await client.query(
    `INSERT INTO tenantry.outbox (tenant_id, aggregate_type, aggregate_id, type, payload)
     VALUES (gen_random_uuid(), 'order', gen_random_uuid()::text, 'OrderPlaced', '{"total": 12.50, "currency": "EUR"}')`,
  );
}

/** The configuration after Debezium's tutorial: the source and the router, without tuning. */
export function debeziumDefaults(ours: ConnectorConfig): ConnectorConfig {
  const kept = [
    "tasks.max",
    "database.hostname",
    "database.port",
    "database.dbname",
    "database.user",
    "database.password",
    "database.sslmode",
    "plugin.name",
    "publication.name",
    "publication.autocreate.mode",
    "table.include.list",
    "snapshot.mode",
    "transforms",
    "transforms.outbox.type",
    "transforms.outbox.table.field.event.id",
    "transforms.outbox.table.field.event.key",
    "transforms.outbox.table.field.event.payload",
    "transforms.outbox.route.by.field",
    "topic.creation.default.partitions",
    "topic.creation.default.replication.factor",
  ];
  const json = "org.apache.kafka.connect.json.JsonConverter";
  return {
    ...Object.fromEntries(Object.entries(ours).filter(([key]) => kept.includes(key))),
    "connector.class": debeziumClass,
    "slot.name": "defaults",
    "topic.prefix": "defaults",
    "transforms.outbox.route.topic.replacement": "defaults.${routedByValue}.events",
    "transforms.outbox.table.expand.json.payload": "true",
    // The measurement needs the time at which an event was written.
    "transforms.outbox.table.fields.additional.placement": `${createdColumn.name}:header:created_at`,
    "key.converter": json,
    "value.converter": json,
  };
}
