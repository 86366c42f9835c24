import assert from "node:assert/strict";
import test from "node:test";
import { missingIdempotency } from "../../../../lint/rules/missing-idempotency";
import { fixes, found } from "../shop-with";

const example = { in: "typescript" } as const;
const head = `import { Kafka } from "kafkajs"; import { Pool } from "pg"; import { processOnce, withTenant } from "@tenantry/client";
const pool = new Pool(); const consumer = new Kafka({ brokers: [] }).consumer({ groupId: "g" });
`;
const update = 'client.query("UPDATE totals SET n = n + 1 WHERE tenant_id = $1", [tenant])';
const wrong =
  "This consumer writes without recording the event as processed in the same transaction: a redelivery is applied twice";

const find = (text: string) => found(missingIdempotency, text, example);

test("reports the bad example: line, message, fix", async () => {
  const bad = `${head}consumer.run({ eachMessage: async ({ message }) => {
  await withTenant(pool, tenant, (client) => ${update});
} });`;
  assert.deepEqual(await find(bad), [`4 ${wrong}`]);
  assert.match((await fixes(missingIdempotency, bad, example)).join(), /^Write inside processOnce\(\)/);
});

test("accepts the good example", async () => {
  const good = `${head}consumer.run({ eachMessage: async ({ message }) => {
  await withTenant(pool, tenant, (client) => processOnce(client, delivery, () => project(client, tenant)));
} });
function project(client, tenant) { return ${update}; }`;
  assert.deepEqual(await find(good), []);
});

test("reports a write beside processOnce, and one in a helper", async () => {
  const text = `${head}async function handle({ message }) {
  await withTenant(pool, tenant, (client) => processOnce(client, delivery, async () => {}));
  await later(client);
}
async function later(client, tenant) {
  await ${update};
}
consumer.run({ eachBatch: (batch) => handle(batch) });`;
  assert.deepEqual(await find(text), [`8 ${wrong}`]);
});

test("accepts SQL that records the event in the same transaction, also in a helper", async () => {
  const mark = "INSERT INTO tenantry.processed_events VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true";
  const run = (mark: string) => `${head}consumer.run({ eachMessage });
async function eachMessage({ message }) {
  const client = await pool.connect();
  ${mark};
  await ${update};
}
function isFirst(client) { return client.query("SELECT tenantry.process_once($1, $2, $3)", []); }`;
  assert.deepEqual(await find(run(`await client.query("${mark}")`)), []);
  assert.deepEqual(await find(run("if (!(await isFirst(client))) return")), []);
  // The pool's statement is a transaction of its own.
  assert.deepEqual(await find(run(`await pool.query("${mark}")`)), [`7 ${wrong}`]);
});

const handlers = {
  amqplib: `import { connect } from "amqplib"; const channel = await (await connect("x")).createChannel();
    channel.consume("q", async (message) => { await ${update}; });`,
  "a loop over a subscription": `import { connect } from "nats"; const nc = await connect(); const messages = nc.subscribe("s");
    for await (const message of messages) { await ${update}; }`,
  "sqs-consumer": `import { Consumer } from "sqs-consumer"; Consumer.create({ async handleMessage(message) { await ${update}; } });`,
  bullmq: `import { Worker } from "bullmq"; new Worker("q", async (job) => { await ${update}; });`,
  "node-rdkafka": `import Kafka from "node-rdkafka"; const stream = new Kafka.KafkaConsumer({}); stream.on("data", (data) => ${update});`,
};
for (const [name, text] of Object.entries(handlers)) {
  test(`recognises a handler: ${name}`, async () => {
    assert.deepEqual((await find(text)).length, 1);
  });
}

test("ignores events that do not come from a broker", async () => {
  assert.deepEqual(
    await find(`import { EventEmitter } from "node:events"; new EventEmitter().on("data", () => ${update});`),
    [],
  );
});
