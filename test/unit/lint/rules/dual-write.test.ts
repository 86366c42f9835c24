import assert from "node:assert/strict";
import test from "node:test";
import { dualWrite } from "../../../../lint/rules/dual-write";
import { fixes, found } from "../shop-with";

const example = { in: "typescript" } as const;
const head = `import { Kafka } from "kafkajs";
import { Pool } from "pg";
const pool = new Pool();
const producer = new Kafka({ brokers: [] }).producer();
`;
const insert = 'pool.query("INSERT INTO orders (tenant_id) VALUES ($1)", [tenant])';
const send = 'producer.send({ topic: "orders", messages: [] })';
const wrong = "This code writes the database (line 6) and sends to a broker in two commits: one may fail alone";

const find = (text: string) => found(dualWrite, text, example);

test("reports the bad example: line, message, fix", async () => {
  const bad = `${head}async function place(tenant: string) {\n  await ${insert};\n  await ${send};\n}`;
  assert.deepEqual(await find(bad), [`7 ${wrong}`]);
  assert.match((await fixes(dualWrite, bad, example)).join(), /^Call emit\(\)/);
});

test("accepts the good example", async () => {
  const good = `import { emit } from "@tenantry/client";
async function place(client) {
  await client.query("INSERT INTO orders (tenant_id) VALUES ($1)", [client.tenant]);
  await emit(client, {});
}`;
  assert.deepEqual(await find(good), []);
});

test("follows helpers, and reports only the function that does both", async () => {
  const text = `${head}const announce = () => ${send};
const save = (tenant) => ${insert};
async function place(tenant) {
  await save(tenant);
  await announce();
}
async function main() {
  await place("a");
  await save("b");
}`;
  assert.deepEqual(await find(text), [`9 ${wrong.replace("line 6", "line 8")}`]);
});

test("counts a transaction's callback as part of the function around it, where sending is still another commit", async () => {
  const text = `${head}async function place(tenant) {
  await withTenant(pool, tenant, async (client) => {
    await client.query(\`INSERT INTO orders (tenant_id) VALUES (\${tenant})\`);
    await ${send};
  });
}`;
  assert.deepEqual(await find(text), [`8 ${wrong.replace("line 6", "line 7")}`]);
});

test("accepts parking a message after its write has failed", async () => {
  assert.deepEqual(
    await find(`${head}async function handle(tenant) {
  try {
    await ${insert};
  } catch {
    await ${send};
  }
}`),
    [],
  );
});

test("does not combine handlers of different events", async () => {
  assert.deepEqual(
    await find(`${head}function routes(app, tenant) {
  app.post("/orders", () => ${insert});
  app.post("/events", () => ${send});
}`),
    [],
  );
});

const brokers = {
  "@confluentinc/kafka-javascript": `import { KafkaJS } from "@confluentinc/kafka-javascript";
    const out = new KafkaJS.Kafka({}).producer(); const go = () => out.send({});`,
  "node-rdkafka": `import * as Kafka from "node-rdkafka"; const out = new Kafka.Producer({}); const go = () => out.produce("t");`,
  amqplib: `import amqp from "amqplib"; const go = async () => {
    const channel = await (await amqp.connect("amqp://x")).createChannel(); channel.sendToQueue("q", b); }`,
  nats: `import { connect, type NatsConnection } from "nats"; const go = (nc: NatsConnection) => nc.publish("s");`,
  "@aws-sdk/client-sqs": `import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs"; const sqs = new SQSClient({});
    const command = new SendMessageCommand({}); const go = () => sqs.send(command);`,
  bullmq: `import { Queue } from "bullmq"; class Jobs { constructor(private readonly queue: Queue) {} go() { return this.queue.add("x"); } }
    const go = (jobs: Jobs) => jobs.go();`,
  "a destructured dependency": `import type { Producer } from "kafkajs"; interface Deps { readonly producer: Producer }
    const go = ({ producer }: Deps) => producer.sendBatch({});`,
  require: `const { Kafka } = require("kafkajs"); class Bus { producer; constructor() { this.producer = new Kafka({}).producer(); }
    go() { return this.producer.send({}); } } const go = () => new Bus().go();`,
};
for (const [name, code] of Object.entries(brokers)) {
  test(`recognises sending: ${name}`, async () => {
    const text = `${code}\nasync function both(client, x) { await client.query("DELETE FROM orders WHERE tenant_id = $1"); await go(x); }`;
    assert.equal((await find(text)).length, 1);
  });
}

const databases = {
  prisma: `import { PrismaClient } from "@prisma/client"; const db = new PrismaClient(); const go = () => db.order.create({});`,
  typeorm: `import { Repository } from "typeorm"; class Orders { constructor(private rows: Repository<Order>) {} save() { return this.rows.save({}); } }
    const go = (orders: Orders) => orders.save();`,
  knex: `import knex from "knex"; const db = knex({}); const go = () => db("orders").where({ id: 1 }).update({});`,
  kysely: `import { Kysely } from "kysely"; const db = new Kysely<DB>({}); const go = () => db.insertInto("orders").values({}).execute();`,
  "drizzle-orm": `import { drizzle } from "drizzle-orm/node-postgres"; const db = drizzle(x); const go = () => db.insert(orders).values({});`,
  sequelize: `import { Model } from "sequelize"; class Order extends Model {} const go = () => Order.create({});`,
  "postgres.js":
    'import postgres from "postgres"; const sql = postgres(); const go = (id) => sql`UPDATE orders SET paid = true WHERE id = ${id}`;',
};
for (const [name, code] of Object.entries(databases)) {
  test(`recognises a write: ${name}`, async () => {
    assert.equal((await find(`${head}${code}\nasync function both(x) { await go(x); await ${send}; }`)).length, 1);
  });
}

test("ignores a method that only shares its name with a broker's", async () => {
  assert.deepEqual(
    await find(
      `${head}async function place(mailer: Mailer, tenant) { await ${insert}; await mailer.send({}); await socket.publish("x"); }`,
    ),
    [],
  );
});
