import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigResourceTypes } from "kafkajs";
import { Client } from "pg";
import { parseBase } from "../../architecture/data-plane/base-sql";
import { loadSqlParser } from "../../architecture/sql/sql-parser";
import { openKafka } from "../../kafka/kafka-client";
import type { EventRecord } from "../../kafka/record";
import { tail, waitForTopics } from "../../kafka/topic-tail";
import { openConnect } from "../../provider/connect/connect-client";
import type { Connect, ConnectorConfig } from "../../provider/connect/connect-state";
import { type Diagnosis, diagnose } from "../../provider/connect/stream-diagnosis";
import { findWay, type Outcome, park } from "../../provider/events/event-parking";
import type { OutboxStream } from "../../provider/events/outbox-stream";
import { isParked } from "../../provider/events/parked-events";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import { type ConnectorFixture, startConnectorFixture } from "./connector-fixture";
import { startExtraConnect } from "./extra-connect";
import { servers } from "./servers";

export const place = { schema: "tenantry", column: "tenant_id" };
export const parkedBy = "tester";

/** A connector with one of the two delivery guarantees, a topic whose limit can be lowered, and its written events. */
export async function startParking(
  t: TestContext,
  delivery: "exactly once" | "at least once",
  worker: readonly string[] = [],
) {
  const { kafka } = servers();
  // Started before the database, so that it ends before the database is dropped.
  const own = delivery === "at least once" ? openConnect(await startExtraConnect(t, servers(), worker)) : undefined;
  const fixture = await startConnectorFixture(t);
  const { endpoint } = fixture.database;
  const connect = own ?? fixture.connect;
  const { "exactly.once.support": _, "transaction.boundary": __, ...plain } = fixture.inputs.config;
  // A task reports a failed write after its transaction's timeout, which is a minute by Kafka's default.
  const exact: ConnectorConfig = { ...fixture.inputs.config, "producer.override.transaction.timeout.ms": "10000" };
  const inputs = { ...fixture.inputs, config: delivery === "exactly once" ? exact : plain };
  const context = { ...fixture, connect };
  await applyParkedEvents(fixture);
  const clients: Client[] = [];
  t.after(async () => {
    for (const client of clients) await client.end();
  });
  const stream: OutboxStream = { connector: inputs, slot: fixture.slot };
  const at = { postgres: endpoint, kafka };
  const topic = `${fixture.application.name}.order.events`;
  return {
    context,
    inputs,
    stream,
    at,
    topic,
    look: () => diagnose(at, connect, stream),
    async session() {
      const client = new Client(clientConfig(endpoint));
      // The database may be dropped before the client closes.
      client.on("error", () => {});
      await client.connect();
      clients.push(client);
      return client;
    },
    async limit(bytes: number) {
      const admin = openKafka(kafka, "parking-test").admin();
      await admin.connect();
      const configEntries = [{ name: "max.message.bytes", value: String(bytes) }];
      await admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
      });
      await admin.disconnect();
    },
    /** Parks the event as the command does, with a `Connect` that may fail. */
    async park(id: string, by: Connect = connect, force = false): Promise<Outcome> {
      const parked = await isParked(fixture.database.query.bind(fixture.database), place, id);
      const request = { id, force };
      const way = findWay(request, [await diagnose(at, connect, stream)], parked);
      return park({ ...context, connect: by }, at, way, request, place, { by: parkedBy });
    },
    async failed(): Promise<Diagnosis> {
      for (const deadline = Date.now() + 150_000; Date.now() < deadline; await sleep(500)) {
        const status = await connect.status(inputs.connector);
        if (status?.tasks.some(({ state }) => state === "FAILED")) return diagnose(at, connect, stream);
      }
      return assert.fail("the connector did not fail");
    },
    /** All records of the topic, read after these ids have arrived. */
    async arrived(ids: readonly string[]): Promise<readonly EventRecord[]> {
      const records: EventRecord[] = [];
      assert.deepEqual(await waitForTopics(openKafka(kafka, "parking-test"), [topic], 60_000), []);
      const reader = await tail(openKafka(kafka, "parking-test"), [topic], new Map(), (each) => records.push(each));
      const missing = () => ids.filter((id) => !records.some((record) => record.id === id));
      for (const deadline = Date.now() + 60_000; missing().length > 0 && Date.now() < deadline; ) await sleep(200);
      await sleep(1_500); // Reads records beyond the expected ones too.
      await reader.stop();
      assert.deepEqual(missing(), [], "every other event arrives");
      return records;
    },
  };
}

async function applyParkedEvents({ application, run }: ConnectorFixture): Promise<void> {
  await loadSqlParser();
  const sources = ["030_tenant_context.sql", "080_parked_events.sql"].map((name) => ({
    path: `sql/base/${name}`,
    text: readFileSync(join(__dirname, "..", "..", "sql", "base", name), "utf8"),
  }));
  for (const { statements } of parseBase(application, sources)) for (const { sql } of statements) await run(sql);
}

/** Writes one event in the client's current transaction. Returns its id. */
export async function write(
  client: Client,
  key: string,
  bytes = 20,
  tenant: string = randomUUID(),
  aggregate = "order",
): Promise<string> {
  const id = randomUUID();
  await client.query(
    `INSERT INTO tenantry.outbox (tenant_id, id, aggregate_type, aggregate_id, type, payload) VALUES ($1, $2, $5, $3, 'Placed', $4)`,
    [tenant, id, key, JSON.stringify({ text: randomBytes(bytes / 2).toString("hex") }), aggregate],
  );
  return id;
}

/**
 * A poison event among others: some committed earlier, some before and after it in its own transaction, some of a
 * transaction that began earlier and of one that began later, which both committed before it, and some committed later.
 */
export async function writeAround(open: () => Promise<Client>, poisonBytes: number) {
  const [first, second, third] = [await open(), await open(), await open()];
  const others: string[] = [];
  for (let index = 0; index < 5; index++) others.push(await write(first, "a"));
  await third.query("BEGIN");
  others.push(await write(third, "third"));
  await first.query("BEGIN");
  others.push(await write(first, "a"));
  await second.query("BEGIN");
  others.push(await write(second, "b"));
  const tenant = randomUUID();
  const poison = await write(first, "poison", poisonBytes, tenant);
  others.push(await write(second, "b"));
  await second.query("COMMIT");
  others.push(await write(third, "third"));
  await third.query("COMMIT");
  others.push(await write(first, "a"));
  others.push(await write(first, "c"));
  await first.query("COMMIT");
  for (let index = 0; index < 5; index++) others.push(await write(first, "a"));
  return { others, poison, tenant };
}

/** Each key's events in the order in which they were written. */
export function assertOrder(records: readonly EventRecord[], written: readonly string[], key: string): void {
  const arrived = [...new Set(records.filter((record) => record.key === key).map(({ id }) => id))];
  const wanted = written.filter((id) => arrived.includes(id));
  assert.deepEqual(
    arrived.filter((id) => wanted.includes(id)),
    wanted,
    `the order of ${key}`,
  );
}
