import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
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
import { type Diagnosis, describeChange, diagnose } from "../../provider/connect/stream-diagnosis";
import { findWay, type Outcome, park } from "../../provider/events/event-parking";
import { isOneByOne } from "../../provider/events/one-by-one";
import { replayOutbox } from "../../provider/events/outbox-replay";
import type { OutboxStream } from "../../provider/events/outbox-stream";
import { isParked, listParked, sendParked } from "../../provider/events/parked-events";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import { connector } from "../../provider/resources/connector";
import { type ConnectorFixture, refusalOf, startConnectorFixture } from "./connector-fixture";
import { startExtraConnect } from "./extra-connect";
import { servers, skip } from "./servers";

const place = { schema: "tenantry", column: "tenant_id" };
const parkedBy = "tester";

/** A connector with one of the two delivery guarantees, a topic whose limit can be lowered, and its written events. */
async function startParking(
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
async function write(
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
async function writeAround(open: () => Promise<Client>, poisonBytes: number) {
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
function assertOrder(records: readonly EventRecord[], written: readonly string[], key: string): void {
  const arrived = [...new Set(records.filter((record) => record.key === key).map(({ id }) => id))];
  const wanted = written.filter((id) => arrived.includes(id));
  assert.deepEqual(
    arrived.filter((id) => wanted.includes(id)),
    wanted,
    `the order of ${key}`,
  );
}

for (const delivery of ["exactly once", "at least once"] as const) {
  test(`names and parks only the event that can't be written, and sends it again later, delivered ${delivery}`, {
    skip,
  }, async (t) => {
    const parkingOf = await startParking(t, delivery);
    const { context, inputs, stream } = parkingOf;
    await connector.create(context, inputs);
    const client = await parkingOf.session();
    const earlier = [await write(client, "a")];
    await parkingOf.arrived(earlier);
    await parkingOf.limit(2_000);
    const { others, poison, tenant } = await writeAround(parkingOf.session, 12_000);

    const diagnosis = await parkingOf.failed();
    assert.match(diagnosis.failure?.cause ?? "", /^RecordTooLargeException: /);
    const suspect = diagnosis.suspect?.unsent ?? assert.fail(String(diagnosis.unreadable));
    assert.match(
      describeChange(suspect),
      new RegExp(`^event ${poison} of tenant ${tenant}: order to topic .*12,\\d+ of them`),
    );
    assert.doesNotMatch(describeChange(suspect), /text|[0-9a-f]{40}/, "never its content");
    assert.match(await refusalOf(parkingOf.park(randomUUID())), new RegExp(`fails at event ${poison}`));

    assert.equal(await parkingOf.park(poison), "parked");
    assert.equal((await context.connect.config(inputs.connector))?.["max.batch.size"], inputs.config["max.batch.size"]);
    const behind = await write(client, "a");
    const all = [...earlier, ...others, behind];
    const records = await parkingOf.arrived(all);
    assert(!records.some(({ id }) => id === poison));
    if (delivery === "exactly once") assert.equal(records.length, all.length, "none comes twice");
    assertOrder(records, all, "a");
    assertOrder(records, all, "b");

    const read = context.database.query.bind(context.database);
    const [parked] = await listParked(read, place);
    assert.equal(parked?.id, poison);
    assert.equal(parked?.tenant, tenant);
    assert.equal(parked?.parkedBy, parkedBy);
    assert.match(parked?.reason ?? "", /^RecordTooLargeException: /);
    assert.deepEqual(await context.run(`SELECT FROM tenantry.outbox WHERE id = '${poison}'`), []);
    assert.match(await refusalOf(parkingOf.park(poison)), /parked already/);

    await replayOutbox(context, inputs.connector);
    await sleep(3_000);
    assert((await context.connect.status(inputs.connector))?.tasks.every(({ state }) => state === "RUNNING"));
    assert(!(await parkingOf.arrived(all)).some(({ id }) => id === poison), "a replay does not send it");

    await parkingOf.limit(1_000_000);
    await context.database.transaction((session) => sendParked(session, place, poison));
    const sent = (await parkingOf.arrived([poison])).filter(({ id }) => id === poison);
    assert.equal(sent.length, 1);
    assert.equal(sent[0]?.tenant, tenant);
    assert.deepEqual(await listParked(read, place), []);
    assert.equal(stream.connector.connector, inputs.connector);
  });
}

test("parks only the event whose topic is missing, if Connect may not create topics", {
  skip,
}, async (t) => {
  const parkingOf = await startParking(t, "at least once", ["topic.creation.enable=false"]);
  const { context, inputs, topic } = parkingOf;
  const admin = openKafka(servers().kafka, "parking-test").admin();
  await admin.connect();
  t.after(() => admin.disconnect());
  await admin.createTopics({ topics: [{ topic }] });
  // Kafka's default is a minute.
  const config = { ...inputs.config, "producer.override.max.block.ms": "5000" };
  await connector.create(context, { ...inputs, config });
  const client = await parkingOf.session();
  const others = [await write(client, "a")];
  const poison = await write(client, "a", 20, randomUUID(), "payment");
  others.push(await write(client, "a"));

  const { failure, suspect } = await parkingOf.failed();
  assert.equal(failure?.kind, "topic");
  assert.match(failure?.cause ?? "", /UnknownTopicOrPartition|not present in metadata/);
  assert.equal(suspect?.unsent.change.id, poison);
  assert.equal(await parkingOf.park(poison), "parked");
  const records = await parkingOf.arrived(others);
  assert(!records.some(({ id }) => id === poison));
});

test("parks one event of a COPY, and sends the others", { skip }, async (t) => {
  const parkingOf = await startParking(t, "exactly once");
  const { context, inputs } = parkingOf;
  await connector.create(context, inputs);
  const client = await parkingOf.session();
  const before = [await write(client, "a")];
  await parkingOf.arrived(before);
  await parkingOf.limit(2_000);
  before.push(await write(client, "a"));
  const [first = "", second = "", poison = "", last = ""] = await copy(t, client, [20, 20, 12_000, 20]);
  const behind = await write(client, "a");
  const { stood } = await parkingOf.failed();
  const places = new Set(
    stood?.unsent
      .filter(({ change }) => [first, second, poison, last].includes(change.id))
      .map(({ change }) => change.lsn),
  );
  assert.equal(places.size, 1, "they share their place in the log");
  assert.equal(await parkingOf.park(poison), "parked");
  const records = await parkingOf.arrived([...before, first, second, last, behind]);
  assert(!records.some(({ id }) => id === poison));
});

/** Writes events by one COPY on the server. Returns their ids. */
async function copy(t: TestContext, client: Client, sizes: readonly number[]): Promise<readonly string[]> {
  const ids = sizes.map(() => randomUUID());
  const rows = ids.map((id, index) => {
    const payload = JSON.stringify({ text: randomBytes((sizes[index] ?? 0) / 2).toString("hex") });
    return [randomUUID(), id, "order", "copied", "Placed", payload].join("\t");
  });
  const directory = mkdtempSync(join(tmpdir(), "tenantry-copy-"));
  t.after(() => rmSync(directory, { recursive: true }));
  chmodSync(directory, 0o755);
  const file = join(directory, "rows");
  writeFileSync(file, `${rows.join("\n")}\n`, { mode: 0o644 });
  const columns = "tenant_id, id, aggregate_type, aggregate_id, type, payload";
  await client.query(`COPY tenantry.outbox (${columns}) FROM '${file}'`);
  return ids;
}

test("continues after a kill at any step, and neither loses nor repeats an event", { skip }, async (t) => {
  const parkingOf = await startParking(t, "exactly once");
  const { context, inputs } = parkingOf;
  await connector.create(context, inputs);
  const client = await parkingOf.session();
  const earlier = [await write(client, "a")];
  await parkingOf.arrived(earlier);
  await parkingOf.limit(2_000);
  const { others, poison } = await writeAround(parkingOf.session, 12_000);
  await parkingOf.failed();
  for (const step of ["put", "stop", "setOffset", "resume"] as const) {
    // Fails before and after the request, because a killed process does not know whether Connect received it.
    for (const moment of ["before", "behind"] as const) {
      const dying = parkingOf.park(poison, dyingAt(context.connect, step, moment));
      await assert.rejects(dying, /killed/, `${moment} ${step}`);
      const config = (await context.connect.config(inputs.connector)) ?? {};
      assert.equal(isOneByOne(config), step !== "put" || moment === "behind", "it says that it is not through");
    }
  }
  assert.equal(await parkingOf.park(poison), "finished");
  const records = await parkingOf.arrived([...earlier, ...others]);
  assert.deepEqual(records.map(({ id }) => id).toSorted(), [...earlier, ...others].toSorted());
  const kept = await listParked(context.database.query.bind(context.database), place);
  assert.equal(kept.length, 1);
  assert.match(kept[0]?.reason ?? "", /^RecordTooLargeException: /, "whichever run found it");
});

/** A `Connect` that fails at this call, before the request or after the answer. */
function dyingAt(connect: Connect, step: keyof Connect, moment: "before" | "behind"): Connect {
  return new Proxy(connect, {
    get: (target, name) => {
      const call = target[name as keyof Connect] as (...args: unknown[]) => Promise<unknown>;
      if (name !== step) return call.bind(target);
      return async (...args: unknown[]) => {
        if (moment === "behind") await call.apply(target, args);
        throw new Error("killed");
      };
    },
  });
}
