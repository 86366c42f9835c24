import assert from "node:assert/strict";
import test from "node:test";
import { foundIn } from "./found-in";

const head = `import { Pool } from "pg"; import { processOnce } from "@tenantry/client"; const pool = new Pool();
const write = () => pool.query("UPDATE customers SET spent = spent + 1 WHERE tenant_id = $1", [t]);\n`;

/** Code that handles messages of a broker by `work`. */
const handlers = {
  "kafkajs, wrapped": `import { Kafka } from "kafkajs"; const consumer = new Kafka({}).consumer({}); consumer.run({ eachMessage: traced(async () => { await work(); }) });`,
  "kafkajs, a bound method": `import { Kafka } from "kafkajs"; class Totals { consumer = new Kafka({}).consumer({}); async start() { await this.consumer.run({ eachMessage: this.onOrder.bind(this) }); } async onOrder() { await work(); } }`,
  "@platformatic/kafka": `import { Consumer } from "@platformatic/kafka"; const stream = await new Consumer({}).consume({}); for await (const message of stream) { await work(); }`,
  "NestJS, an event": `import { EventPattern } from "@nestjs/microservices"; class C { @EventPattern("order.created") async on(e) { await work(); } }`,
  "NestJS, a message": `import { MessagePattern, Payload } from "@nestjs/microservices"; class C { @MessagePattern({ cmd: "x" }) on(@Payload() e) { return work(); } }`,
  "NestJS, an event by another name": `import { EventPattern as On } from "@nestjs/microservices"; class C { @On("order.created") async on(e) { await this.apply(e); } async apply(e) { await work(); } }`,
  "Redis streams by ioredis": `import Redis from "ioredis"; const redis = new Redis(); async function consume() { while (true) { const found = await redis.xreadgroup("GROUP", "g", "c", "STREAMS", "s", ">"); for (const each of found) await work(each); } }`,
  "Redis streams by node-redis": `import { createClient } from "redis"; const client = createClient(); async function consume() { for (;;) { const found = await client.xReadGroup("g", "c", [], {}); await work(found); } }`,
  "Redis streams behind a helper": `import Redis from "ioredis"; class Orders { constructor(private redis: Redis) {} async next() { return this.redis.xreadgroup("GROUP", "g", "c", "STREAMS", "s", ">"); } async run() { while (true) { const m = await this.next(); await work(m); } } }`,
  BullMQ: `import { Worker } from "bullmq"; export const worker = new Worker("totals", async (job) => { await work(job); }, { connection });`,
  "BullMQ, a named function": `import { Worker } from "bullmq"; async function handle(job) { await work(job); } new Worker("totals", handle);`,
  "BullMQ in NestJS": `import { Processor, WorkerHost } from "@nestjs/bullmq"; @Processor("totals") class Totals extends WorkerHost { async process(job) { await work(job); } }`,
  Bull: `import Queue from "bull"; const queue = new Queue("totals"); queue.process(async (job) => { await work(job); });`,
  "Bull in NestJS": `import { Process, Processor } from "@nestjs/bull"; @Processor("totals") class Totals { @Process("add") async add(job) { await work(job); } }`,
  "SQS, asked for": `import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs"; const sqs = new SQSClient({}); async function poll() { const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl })); for (const m of Messages ?? []) await work(m); }`,
  "SQS of the second version": `import AWS from "aws-sdk"; const sqs = new AWS.SQS(); async function poll() { const { Messages } = await sqs.receiveMessage({ QueueUrl }).promise(); await work(Messages); }`,
  "SQS as a Lambda function": `import type { SQSHandler } from "aws-lambda"; export const handler: SQSHandler = async (event) => { for (const record of event.Records) await work(record); };`,
  "SQS as a Lambda function, by its parameter": `import type { SQSEvent } from "aws-lambda"; export async function handler(event: SQSEvent) { for (const record of event.Records) await work(record); }`,
  "SQS in NestJS": `import { SqsMessageHandler } from "@ssut/nestjs-sqs"; class C { @SqsMessageHandler("orders", false) async on(m) { await work(m); } }`,
  amqplib: `import amqp from "amqplib"; const channel = await (await amqp.connect("x")).createChannel(); await channel.consume("q", async (m) => { await work(m); channel.ack(m); });`,
  "RabbitMQ in NestJS": `import { RabbitSubscribe } from "@golevelup/nestjs-rabbitmq"; class C { @RabbitSubscribe({ exchange: "e" }) async on(m) { await work(m); } }`,
  "NATS JetStream": `import { connect } from "nats"; const js = (await connect()).jetstream(); const consumer = await js.consumers.get("s", "c"); for await (const m of await consumer.consume()) { await work(m); m.ack(); }`,
  "NATS with a callback": `import { connect } from "nats"; const nc = await connect(); nc.subscribe("s", { callback: (error, m) => { work(m); } });`,
  MQTT: `import mqtt from "mqtt"; const client = mqtt.connect("x"); client.on("message", async (topic, m) => { await work(m); });`,
  "Pub/Sub": `import { PubSub } from "@google-cloud/pubsub"; const subscription = new PubSub().subscription("s"); subscription.on("message", async (m) => { await work(m); });`,
};

for (const [name, code] of Object.entries(handlers)) {
  test(`reports a consumer that does not record its event: ${name}`, async () => {
    assert.deepEqual(await foundIn(`${head}${code.replace(/\bwork\(\w*\)/, "write()")}`), ["2 missing-idempotency"]);
  });
  test(`accepts a consumer that records its event: ${name}`, async () => {
    assert.deepEqual(await foundIn(`${head}${code.replace(/\bwork\(\w*\)/, "processOnce(client, event, write)")}`), []);
  });
}

const marks = {
  "Kysely, in the transaction": [
    `import { Kysely } from "kysely"; const db = new Kysely<DB>({}); const handle = () => db.transaction().execute(async (tx) => {
    const done = await tx.insertInto("processed_events").values({}).onConflict((c) => c.doNothing()).executeTakeFirst();
    if (done.numInsertedOrUpdatedRows === 0n) return;
    await tx.updateTable("customers").set({ spent: 1 }).where("tenant_id", "=", t).execute(); });`,
    true,
  ],
  "Kysely, beside the transaction": [
    `import { Kysely } from "kysely"; const db = new Kysely<DB>({}); const handle = () => db.transaction().execute(async (tx) => {
    await db.insertInto("processed_events").values({}).execute();
    await tx.updateTable("customers").set({ spent: 1 }).where("tenant_id", "=", t).execute(); });`,
    false,
  ],
  "Drizzle, in the transaction": [
    `import { drizzle } from "drizzle-orm/node-postgres"; import { customers, processedEvents } from "./schema"; const db = drizzle("x");
    const handle = () => db.transaction(async (tx) => { await tx.insert(processedEvents).values({}).onConflictDoNothing(); await tx.update(customers).set({ spent: 1 }); });`,
    true,
  ],
  "Drizzle, without a transaction": [
    `import { drizzle } from "drizzle-orm/node-postgres"; import { customers, processedEvents } from "./schema"; const db = drizzle("x");
    const handle = async () => { await db.insert(processedEvents).values({}); await db.update(customers).set({ spent: 1 }); };`,
    false,
  ],
  "Prisma, in the transaction": [
    `import { PrismaClient } from "@prisma/client"; const prisma = new PrismaClient(); const handle = () => prisma.$transaction(async (tx) => {
    await tx.processedEvent.create({ data }); await tx.customer.update({ where: { tenantId_customerId: { tenantId, customerId } }, data }); });`,
    true,
  ],
  "Prisma, in a list": [
    `import { PrismaClient } from "@prisma/client"; const prisma = new PrismaClient(); const handle = () => prisma.$transaction([
    prisma.processedEvent.create({ data }), prisma.customer.update({ where: { tenantId, customerId }, data }) ]);`,
    true,
  ],
  "Prisma, one after the other": [
    `import { PrismaClient } from "@prisma/client"; const prisma = new PrismaClient(); const handle = async () => {
    await prisma.processedEvent.create({ data }); await prisma.customer.update({ where: { tenantId, customerId }, data }); };`,
    false,
  ],
  "Knex, in the transaction": [
    `import knex from "knex"; const db = knex({}); const handle = () => db.transaction(async (trx) => {
    await trx("processed_events").insert({}).onConflict().ignore(); await trx("customers").where({ tenant_id: t }).increment("spent", 1); });`,
    true,
  ],
  "Knex, without a transaction": [
    `import knex from "knex"; const db = knex({}); const handle = async () => {
    await db("processed_events").insert({}); await db("customers").where({ tenant_id: t }).increment("spent", 1); };`,
    false,
  ],
  "TypeORM, by its manager": [
    `import { DataSource } from "typeorm"; const source = new DataSource({}); class ProcessedEvent {} class Customer {} const handle = () => source.transaction(async (manager) => {
    await manager.insert(ProcessedEvent, {}); await manager.update(Customer, { tenantId }, { spent: 1 }); });`,
    true,
  ],
  "Sequelize, with the transaction": [
    `import { Model, Sequelize } from "sequelize"; const sequelize = new Sequelize("x"); class ProcessedEvent extends Model {} class Customer extends Model {}
    const handle = () => sequelize.transaction(async (transaction) => { await ProcessedEvent.create({}, { transaction }); await Customer.update({}, { where: { tenantId }, transaction }); });`,
    true,
  ],
  "Sequelize, without one": [
    `import { Model } from "sequelize"; class ProcessedEvent extends Model {} class Customer extends Model {}
    const handle = async () => { await ProcessedEvent.create({}); await Customer.update({}, { where: { tenantId } }); };`,
    false,
  ],
  "postgres.js, in the transaction": [
    `import postgres from "postgres"; const sql = postgres(); const handle = () => sql.begin(async (tx) => {
    await tx\`INSERT INTO processed_events VALUES (1) ON CONFLICT DO NOTHING\`; await tx\`UPDATE customers SET spent = 1 WHERE tenant_id = \${t}\`; });`,
    true,
  ],
  "postgres.js, without one": [
    `import postgres from "postgres"; const sql = postgres(); const handle = async () => {
    await sql\`INSERT INTO processed_events VALUES (1) ON CONFLICT DO NOTHING\`; await sql\`UPDATE customers SET spent = 1 WHERE tenant_id = \${t}\`; };`,
    false,
  ],
} as const;

for (const [name, [code, isMarked]] of Object.entries(marks)) {
  test(`${isMarked ? "accepts" : "does not accept"} as a record of the event: ${name}`, async () => {
    const consumer = `import { Kafka } from "kafkajs"; new Kafka({}).consumer({}).run({ eachMessage: () => handle() });`;
    const found = (await foundIn(`${code}\n${consumer}`)).filter((each) => each.endsWith("missing-idempotency"));
    assert.equal(found.length, isMarked ? 0 : 1, String(found));
  });
}

const sends = {
  "Redis streams by ioredis": `import Redis from "ioredis"; const redis = new Redis(); const send = () => redis.xadd("orders", "*", "id", "1");`,
  "Redis streams by node-redis": `import { createClient } from "redis"; const client = await createClient().connect(); const send = () => client.xAdd("orders", "*", {});`,
  "BullMQ in NestJS": `import { InjectQueue } from "@nestjs/bullmq"; import { Queue } from "bullmq"; class Jobs { constructor(@InjectQueue("x") private readonly queue: Queue) {} send() { return this.queue.add("x", {}); } } const send = (jobs: Jobs) => jobs.send();`,
  "NestJS' client": `import { Inject } from "@nestjs/common"; import { ClientProxy } from "@nestjs/microservices"; class Bus { constructor(@Inject("KAFKA") private client: ClientProxy) {} send() { this.client.emit("order.created", {}); } } const send = (bus: Bus) => bus.send();`,
  "SNS by its client": `import { SNS } from "@aws-sdk/client-sns"; const sns = new SNS({}); const send = () => sns.publish({});`,
  "SNS of the second version": `import { SNS } from "aws-sdk"; const sns = new SNS(); const send = () => sns.publish({}).promise();`,
  "SQS of the second version": `const AWS = require("aws-sdk"); const sqs = new AWS.SQS(); const send = () => sqs.sendMessage({}).promise();`,
  EventBridge: `import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge"; const bridge = new EventBridgeClient({}); const send = () => bridge.send(new PutEventsCommand({}));`,
  amqplib: `import { connect } from "amqplib"; const open = async () => (await connect("x")).createConfirmChannel(); const send = async () => { const channel = await open(); channel.publish("e", "k", b); };`,
  "NATS JetStream": `import { connect } from "nats"; const nc = await connect(); const js = nc.jetstream(); const send = () => js.publish("s", b);`,
  "a client that is set up later": `import { Kafka, type Producer } from "kafkajs"; let producer: Producer | undefined; const send = () => producer!.send({});`,
  "a client of a lazy getter": `import { Kafka } from "kafkajs"; let made; function producer() { if (!made) { made = new Kafka({}).producer(); } return made; } const send = () => producer().send({});`,
};
for (const [name, code] of Object.entries(sends)) {
  test(`reports a dual write with: ${name}`, async () => {
    assert.deepEqual(
      await foundIn(`${head}${code}\nexport async function place(x) { await write(); await send(x); }`),
      ["4 dual-write"],
    );
  });
}

const polls = {
  "NestJS, by cron": `import { Cron } from "@nestjs/schedule"; class Relay { @Cron("* * * * * *") async relay() { await read(); } }`,
  "NestJS, by an interval": `import { Interval } from "@nestjs/schedule"; class Relay { @Interval(500) async relay() { await this.next(); } async next() { return read(); } }`,
  RxJS: `import { interval } from "rxjs"; interval(500).subscribe(async () => { await read(); });`,
  "a bound method in an interval": `class Relay { start() { setInterval(this.relay.bind(this), 500); } async relay() { await read(); } }`,
  agenda: `import { Agenda } from "agenda"; const agenda = new Agenda(); agenda.define("relay", async () => { await read(); });`,
};
for (const [name, code] of Object.entries(polls)) {
  test(`reports polling: ${name}`, async () => {
    const read = `import knex from "knex"; const db = knex({}); const read = () => db("outbox").where({ sent: false }).limit(10);`;
    assert.deepEqual(await foundIn(`${read}\n${code}`), ["1 outbox-polling"]);
  });
}

test("ends for functions of a consumer that call each other", async () => {
  const code = `import { Worker } from "bullmq"; new Worker("q", async (job) => { await first(job); await write(); });
async function first(job) { if (job) await second(job.next); } async function second(job) { await first(job); await third(job); } async function third(job) { await second(job); }`;
  assert.deepEqual(await foundIn(`${head}${code}`), ["2 missing-idempotency"]);
});
