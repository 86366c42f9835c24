import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, Pool } from "pg";
import { emit, withTenant } from "../../client";
import { consume, type Failure } from "../../examples/ecommerce/consume";
import { demo } from "../../examples/ecommerce/demo";
import type { OrderPlaced, PaymentCaptured } from "../../examples/ecommerce/order-events";
import { type Outcome, projectRecord, topics } from "../../examples/ecommerce/order-summaries";
import { openKafka } from "../../kafka/kafka-client";
import type { EventRecord } from "../../kafka/record";
import { readEnds, tail } from "../../kafka/topic-tail";
import { openConnect } from "../../provider/connect/connect-client";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import type { Check } from "../../verify/check";
import { connectors } from "../../verify/checks/connectors";
import { drift } from "../../verify/checks/drift";
import { events } from "../../verify/checks/events";
import { replication } from "../../verify/checks/replication";
import { verify } from "../../verify/verify";
import { applyApplication } from "./applied";
import { freshDatabase, skip } from "./servers";

/** A database with the application, its slot and its connector, which are removed after the test. */
async function pipeline(t: TestContext) {
  const database = await freshDatabase();
  const { endpoints } = database;
  const admin = new Client(clientConfig(database));
  await admin.connect();
  const connect = openConnect(endpoints.connect);
  const pool = new Pool({ ...clientConfig({ ...database, ...database.roles.app }), max: 4 });
  const names: string[] = [];
  t.after(async () => {
    for (const name of names) {
      await connect.stop(name);
      await connect.deleteOffsets(name);
      await connect.delete(name);
    }
    await pool.end();
    await admin.end();
    await database.drop();
  });
  const { application, declarations } = await applyApplication("ecommerce", endpoints);
  names.push(...declarations.flatMap(({ noun, inputs }) => (noun === "Connector" ? [inputs.connector] : [])));
  const run = async (checks: readonly Check[], eventTimeoutMs = 30_000) => {
    const reports = await verify({ application, endpoints, declarations, eventTimeoutMs }, checks);
    return reports.flatMap(({ findings }) => findings);
  };
  const failures = async (checks: readonly Check[], eventTimeoutMs?: number) =>
    (await run(checks, eventTimeoutMs)).filter(({ outcome }) => outcome !== "pass");
  return { endpoints, admin, connect, names, pool, run, failures };
}

test("from the outbox to a read model", { skip }, async (t) => {
  const { endpoints, admin, connect, names, pool, run, failures } = await pipeline(t);
  const kafka = openKafka(endpoints.kafka, "pipeline-test");

  await t.test("passes verify: each aggregate's events arrive as written", async () => {
    const findings = await run([replication, connectors, events, drift]);
    assert.deepEqual(
      findings.filter(({ outcome }) => outcome !== "pass"),
      [],
    );
    assert.ok(findings.some(({ subject }) => subject === "ecommerce.payment.events"));
  });

  await t.test("removes verify's own events from the outbox", async () => {
    const { rowCount } = await admin.query("SELECT FROM tenantry.outbox");
    assert.equal(rowCount, 0);
  });

  await t.test("reports in verify a publication that lacks a column, and drift of the outbox", async () => {
    const { rows } = await admin.query<{ columns: string }>(
      "SELECT array_to_string(attnames, ', ') AS columns FROM pg_publication_tables WHERE pubname = 'tenantry_outbox'",
    );
    const columns = rows[0]?.columns ?? "";
    const set = (list: string) => admin.query(`ALTER PUBLICATION tenantry_outbox SET TABLE tenantry.outbox (${list})`);
    await set(columns.replace(", type", ""));
    try {
      const found = await failures([replication, drift]);
      assert.match(found[0]?.seen ?? "", /its columns are/);
      assert.ok(found.some(({ subject }) => subject === "Outbox tenantry.outbox"));
    } finally {
      await set(columns);
    }
  });

  await t.test("reports in verify a stopped connector, a slot without a reader, and missing events", async () => {
    for (const name of names) await connect.stop(name);
    try {
      const found = await failures([connectors, replication, events], 2_000);
      const said = found.map(({ subject, seen }) => `${subject}: ${seen}`).join("\n");
      for (const name of names) {
        assert.match(said, new RegExp(`${name}: the connector is STOPPED`));
        assert.match(said, new RegExp(`${name.replaceAll("-", "_")}: nobody reads it`));
      }
      assert.match(said, /ecommerce\.order\.events: .*3 of 3 events did not arrive within 2 s/);
    } finally {
      for (const name of names) await connect.resume(name);
    }
  });

  await t.test("reports in verify disabled row level security as drift", async () => {
    await admin.query("ALTER TABLE ecommerce.customers DISABLE ROW LEVEL SECURITY");
    const found = await failures([drift]);
    assert.deepEqual(
      found.map(({ subject }) => subject),
      ["TenantIsolation ecommerce.customers"],
    );
    await admin.query("ALTER TABLE ecommerce.customers ENABLE ROW LEVEL SECURITY");
  });

  const tenant = randomUUID();
  const order = (orderId: string): OrderPlaced => ({
    orderId,
    customerId: randomUUID(),
    placedAt: "2026-11-23T10:00:00Z",
    currency: "EUR",
    total: "12.500",
    items: 2,
  });
  const send = (aggregateType: string, aggregateId: string, type: string, payload: unknown) =>
    withTenant(pool, tenant, (client) => emit(client, { aggregateType, aggregateId, type, payload }));
  const summary = async (orderId: string) => {
    const { rows } = await admin.query<{ status: string; total: string; paid: string }>(
      "SELECT status, total, paid FROM ecommerce.order_summaries WHERE tenant_id = $1 AND order_id = $2",
      [tenant, orderId],
    );
    return rows[0];
  };
  const payment = (orderId: string, amount: string): PaymentCaptured => ({
    paymentId: randomUUID(),
    orderId,
    currency: "EUR",
    amount,
  });
  const record = (type: string, payload: unknown, id: string = randomUUID()): EventRecord => ({
    topic: topics[0],
    partition: 0,
    offset: "0",
    key: "k",
    id,
    tenant,
    type,
    createdAt: "",
    payload: JSON.stringify(payload),
  });

  await t.test("ignores a redelivered event", async () => {
    const id = randomUUID();
    const placed = record("OrderPlaced", order(id));
    const paid = record("PaymentCaptured", payment(id, "5.000"));
    const outcomes: Outcome[] = [];
    for (const each of [placed, paid, paid, placed, paid]) outcomes.push(await projectRecord(pool, each));
    assert.deepEqual(outcomes, ["projected", "projected", "redelivered", "redelivered", "redelivered"]);
    assert.deepEqual(await summary(id), { status: "placed", total: "12.500", paid: "5.000" });
  });

  await t.test("computes the same summary if a payment arrives before its order", async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    await projectRecord(pool, record("OrderPlaced", order(first)));
    await projectRecord(pool, record("PaymentCaptured", payment(first, "12.500")));
    await projectRecord(pool, record("PaymentCaptured", payment(second, "12.500")));
    await projectRecord(pool, record("OrderPlaced", order(second)));
    assert.deepEqual(await summary(first), { status: "paid", total: "12.500", paid: "12.500" });
    assert.deepEqual(await summary(second), await summary(first));
  });

  await t.test("keeps a cancelled order cancelled, and ignores an unknown type", async () => {
    const id = randomUUID();
    await projectRecord(pool, record("OrderCancelled", { orderId: id }));
    await projectRecord(pool, record("OrderPlaced", order(id)));
    assert.equal((await summary(id))?.status, "cancelled");
    assert.equal(await projectRecord(pool, record("OrderGiftWrapped", {})), "unknown");
  });

  await t.test("the consumer projects events, parks faulty ones, and continues where it stopped", async () => {
    const groupId = `pipeline-test-${randomUUID()}`;
    const parkingTopic = `pipeline-test-parked-${randomUUID().slice(0, 8)}`;
    const failed: Failure[] = [];
    const seen: string[] = [];
    const handle = async (event: EventRecord) => {
      if (event.tenant !== tenant) return;
      seen.push(event.id);
      await projectRecord(pool, event);
    };
    const start = () =>
      consume({ kafka, groupId, topics, parkingTopic, handle, onFailure: (failure) => failed.push(failure) });
    const [good, later] = [randomUUID(), randomUUID()];
    await send("order", good, "OrderPlaced", order(good));
    await send("order", good, "OrderPlaced", { orderId: "no uuid" });
    await send("payment", good, "PaymentCaptured", payment(good, "12.500"));
    const first = await start();
    await until(async () => (await summary(good))?.status === "paid" && failed.some(({ parked }) => parked));
    await first.stop();
    assert.deepEqual(
      failed.map(({ attempt, parked, reason }) => [attempt, parked, reason]),
      [1, 2, 3].map((attempt) => [attempt, attempt === 3, "Error: the payload is not that of OrderPlaced"]),
    );
    const before = seen.length;
    await send("order", later, "OrderPlaced", order(later));
    const second = await start();
    await until(async () => (await summary(later)) !== undefined);
    await second.stop();
    assert.equal(seen.length, before + 1, "a committed record came again");

    const parked: EventRecord[] = [];
    const reading = await tail(kafka, [parkingTopic], new Map(), (event) => parked.push(event));
    await until(async () => parked.length > 0);
    await reading.stop();
    assert.deepEqual(
      parked.map(({ type, tenant, payload }) => ({ type, tenant, payload })),
      [{ type: "OrderPlaced", tenant, payload: '{"orderId": "no uuid"}' }],
    );
  });

  await t.test("the consumer parks nothing while the database is down, and catches up afterwards", async () => {
    const id = randomUUID();
    const failed: Failure[] = [];
    let away = true;
    const running = await consume({
      kafka,
      groupId: `pipeline-test-${randomUUID()}`,
      topics,
      parkingTopic: `pipeline-test-parked-${randomUUID().slice(0, 8)}`,
      handle: async (event) => {
        if (event.key !== id) return;
        if (away) throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
        await projectRecord(pool, event);
      },
      onFailure: (failure) => failed.push(failure),
    });
    await send("order", id, "OrderPlaced", order(id));
    await until(async () => failed.length >= 2);
    away = false;
    await until(async () => (await summary(id)) !== undefined);
    await running.stop();
    assert.ok(failed.every(({ parked }) => !parked));
  });

  await t.test("the demo finds every order on Kafka once and in the read model", async () => {
    const summary = await demo({
      endpoints,
      seconds: 3,
      tenants: [randomUUID(), randomUUID()],
      reach: () => endpoints,
      rate: 20,
      onProgress: () => {},
      signal: new AbortController().signal,
    });
    assert.ok(summary.orders > 5 && summary.payments > 0, JSON.stringify(summary));
    assert.deepEqual(summary.events, {
      written: summary.orders + summary.payments,
      seen: summary.events.written,
      missing: 0,
      twice: 0,
    });
    assert.deepEqual(summary.summaries, { projected: summary.orders, missing: 0, wrongStatus: 0 });
    assert.deepEqual([summary.parked, summary.errors], [0, {}]);
  });

  await t.test("consumers read no record of an aborted Kafka transaction", async () => {
    const topic = `pipeline-test-aborted-${randomUUID().slice(0, 8)}`;
    const brokers = kafka.admin();
    await brokers.connect();
    await brokers.createTopics({ topics: [{ topic }] });
    await brokers.disconnect();
    const producer = kafka.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    for (const [value, isKept] of [
      ["kept 1", true],
      ["aborted 1", false],
      ["aborted 2", false],
      ["kept 2", true],
      ["aborted 3", false],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ key: "k", value }] });
      await (isKept ? transaction.commit() : transaction.abort());
    }
    await producer.disconnect();
    const values: string[] = [];
    assert.equal((await readEnds(kafka, [topic])).get(topic)?.length, 1);
    const reading = await tail(kafka, [topic], new Map(), ({ payload }) => values.push(payload));
    await until(async () => values.length >= 2);
    await sleep(500);
    await reading.stop();
    assert.deepEqual(values, ["kept 1", "kept 2"]);
  });
});

async function until(isTrue: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !(await isTrue()); await sleep(100)) {
    if (Date.now() > deadline) throw new Error(`still false after ${timeoutMs / 1_000} s: ${isTrue}`);
  }
}
