import assert from "node:assert/strict";
import test from "node:test";
import { foundIn } from "./found-in";

const kafka = `import { Kafka } from "kafkajs"; const producer = new Kafka({ brokers: [] }).producer(); const send = () => producer.send({ topic: "t", messages: [] });`;

/** Code that writes in a transaction of its library, and sends in line 3 or later. */
const writing = {
  "Prisma's interactive transaction": `import { PrismaClient } from "@prisma/client"; const prisma = new PrismaClient();
export const place = (data) => prisma.$transaction(async (tx) => { await tx.order.create({ data });
  await send(); });`,
  "Prisma's list of queries": `import { PrismaClient } from "@prisma/client"; const prisma = new PrismaClient();
export async function place(data) { await prisma.$transaction([prisma.order.create({ data }), prisma.customer.create({ data })]);
  await send(); }`,
  "Prisma's transaction, handed to a helper without a type": `import { PrismaClient } from "@prisma/client"; const prisma = new PrismaClient();
const save = (tx, data) => tx.order.create({ data });
export async function place(data) { await prisma.$transaction(async (tx) => save(tx, data)); await send(); }`,
  "Prisma's transaction, handed to a helper that says any": `import { PrismaClient } from "@prisma/client"; const prisma = new PrismaClient();
async function save(tx: any, data) { await tx.order.createMany({ data }); }
export async function place(data) { await prisma.$transaction(async (tx) => { await save(tx, data); }); await send(); }`,
  "Prisma's transaction, with its type": `import { Prisma, PrismaClient } from "@prisma/client"; const prisma = new PrismaClient();
const save = (tx: Prisma.TransactionClient, data) => tx.order.create({ data });
export async function place(data) { await prisma.$transaction((tx) => save(tx, data)); await send(); }`,
  "a service that extends Prisma's client": `import { PrismaClient } from "@prisma/client"; class PrismaService extends PrismaClient {}
class Orders { constructor(private readonly prisma: PrismaService) {}
  async place(data) { await this.prisma.$transaction(async (tx) => { await tx.order.update({ where: { tenantId: 1, placedAt: 1 }, data }); }); await send(); } }`,
  "Prisma's client, generated into a folder of the code's": `import { PrismaClient } from "../generated/prisma"; class PrismaService extends PrismaClient { async onModuleInit() {} }
export class Orders { constructor(private readonly prisma: PrismaService) {} async place(data) { await this.prisma.order.create({ data });
  await send(); } }`,
  Drizzle: `import { drizzle } from "drizzle-orm/node-postgres"; import { orders } from "./schema"; const db = drizzle("x");
export async function place(row) { await db.transaction(async (tx) => { await tx.insert(orders).values(row); });
  await send(); }`,
  "Drizzle's transaction by the type of its callback": `import { drizzle } from "drizzle-orm/node-postgres"; import { orders } from "./schema"; const db = drizzle("x");
type Tx = Parameters<Parameters<typeof db.transaction>[0]>[0]; const save = (tx: Tx, row) => tx.insert(orders).values(row);
export async function place(row) { await db.transaction(async (tx) => { await save(tx, row); }); await send(); }`,
  "Drizzle in a function of the module that is set up later": `import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres"; let db; export function connect() { db = drizzle("x"); }
export async function place(orders, row) { await db.transaction(async (tx) => { await tx.update(orders).set(row); });
  await send(); }`,
  Knex: `import knex from "knex"; const db = knex({ client: "pg" });
export async function place(row) { await db.transaction(async (trx) => { await trx("orders").insert(row); });
  await send(); }`,
  "Knex's transaction as a value": `import knex from "knex"; const db = knex({ client: "pg" });
export async function place(row) { const trx = await db.transaction(); await trx("orders").insert(row); await trx.commit();
  await send(); }`,
  "Knex with a query that is handed the transaction": `import { knex } from "knex"; const db = knex({ client: "pg" });
export async function place(row) { await db.transaction(async (trx) => { await db("orders").transacting(trx).insert(row).returning("*"); });
  await send(); }`,
  TypeORM: `import { DataSource } from "typeorm"; import { Order } from "./order"; const source = new DataSource({});
export async function place(order) { await source.transaction(async (manager) => { await manager.save(order); });
  await send(); }`,
  "TypeORM with an isolation level": `import { DataSource } from "typeorm"; const source = new DataSource({});
export async function place(order) { await source.transaction("SERIALIZABLE", async (manager) => { await manager.getRepository(Order).save(order); });
  await send(); }`,
  "TypeORM's manager of a repository": `import { Repository } from "typeorm"; class Orders { constructor(private readonly orders: Repository<Order>) {}
  place(order) { return this.orders.manager.transaction(async (em) => { await em.insert(Order, order);
  await send(); }); } }`,
  "TypeORM's query runner": `import { DataSource } from "typeorm"; const source = new DataSource({});
export async function place(order) { const runner = source.createQueryRunner(); await runner.startTransaction(); await runner.manager.save(order);
  await runner.commitTransaction(); await send(); }`,
  Kysely: `import { Kysely } from "kysely"; const db = new Kysely<DB>({});
export async function place(row) { await db.transaction().execute(async (trx) => { await trx.insertInto("orders").values(row).execute(); });
  await send(); }`,
  "Kysely with an isolation level": `import { Kysely } from "kysely"; class Shop { constructor(private db: Kysely<DB>) {}
  place(row) { return this.db.transaction().setIsolationLevel("serializable").execute(async (trx) => { await trx.updateTable("countries").set(row).execute();
  await send(); }); } }`,
  "Kysely's transaction by its type": `import type { Kysely, Transaction } from "kysely"; async function save(trx: Transaction<DB>, row) { await trx.insertInto("orders").values(row).execute(); }
export async function place(db: Kysely<DB>, row) { await db.transaction().execute((trx) => save(trx, row));
  await send(); }`,
  Sequelize: `import { Model, Sequelize } from "sequelize"; const sequelize = new Sequelize("x"); class Order extends Model {}
export async function place(row) { await sequelize.transaction(async (transaction) => { await Order.create(row, { transaction }); });
  await send(); }`,
  "Sequelize's defined model": `import { Sequelize } from "sequelize"; const sequelize = new Sequelize("x"); const Order = sequelize.define("order", {});
export async function place(row) { const t = await sequelize.transaction(); await Order.bulkCreate([row], { transaction: t }); await t.commit();
  await send(); }`,
  MikroORM: `import { MikroORM } from "@mikro-orm/core"; const orm = await MikroORM.init({});
export async function place(row) { await orm.em.transactional(async (em) => { em.create(Order, row); await em.flush(); });
  await send(); }`,
  "postgres.js": `import postgres from "postgres"; const sql = postgres();
export async function place(id) { await sql.begin(async (sql) => { await sql\`INSERT INTO orders (tenant_id) VALUES (\${id})\`; });
  await send(); }`,
  "postgres.js with a list of rows": `import postgres from "postgres"; const sql = postgres();
export async function place(rows) { await sql.begin("isolation level serializable", async (tx) => { await tx\`INSERT INTO orders \${tx(rows)}\`; });
  await send(); }`,
  "pg's client": `import { Pool } from "pg"; const pool = new Pool();
export async function place(id) { const client = await pool.connect(); await client.query("BEGIN"); await client.query("INSERT INTO orders (tenant_id) VALUES ($1)", [id]);
  await client.query("COMMIT"); await send(); }`,
  "pg-promise": `import pgPromise from "pg-promise"; const db = pgPromise()("x");
export async function place(id) { await db.tx(async (t) => { await t.none("INSERT INTO orders (tenant_id) VALUES ($1)", [id]); });
  await send(); }`,
  slonik: `import { createPool, sql } from "slonik"; const pool = await createPool("x");
export async function place(id) { await pool.transaction(async (connection) => { await connection.query(sql.unsafe\`INSERT INTO orders (tenant_id) VALUES (\${id})\`); });
  await send(); }`,
  "an interface's method, by the class that implements it": `import { Repository } from "typeorm"; interface Orders { save(o): Promise<void> } class SqlOrders implements Orders { constructor(private r: Repository<Order>) {} async save(o) { await this.r.save(o); } }
export class Shop { constructor(private readonly orders: Orders) {} async place(o) { await this.orders.save(o);
  await send(); } }`,
};

for (const [name, code] of Object.entries(writing)) {
  test(`reports a dual write in a transaction: ${name}`, async () => {
    const found = (await foundIn(`${code}\n${kafka}`)).filter((each) => each.endsWith("dual-write"));
    assert.equal(found.length, 1, String(found));
  });
  test(`accepts the same without sending: ${name}`, async () => {
    assert.deepEqual(await foundIn(code.replace("await send();", "")), []);
  });
}

/** Code that does not both write and send in one run, or uses only one system. */
const passing = {
  "a return in the branch that writes": `export async function place(id) {
  if (id) { await write(id); return; }
  await send(); }`,
  "a return of the write itself": `export async function place(id) {
  if (id) return write(id);
  await send(); }`,
  "a throw in the branch that writes": `export async function place(id) {
  if (id) { await write(id); throw new Error("no"); }
  await send(); }`,
  "branches of an if": `export async function place(id) { if (id) { await write(id); } else { await send(); } }`,
  "branches of an else if": `export async function place(id) { if (id === 1) await write(id); else if (id === 2) await other(); else await send(); }`,
  "branches of a conditional": `export const place = (id) => (id ? write(id) : send());`,
  "cases that break": `export async function place(id) { switch (id) { case 1: await write(id); break; case 2: await send(); break; } }`,
  "cases that return": `export async function place(id) { switch (id) { case 1: return write(id); default: return send(); } }`,
  "a continue in a loop": `export async function place(ids) { for (const id of ids) { if (id) { await write(id); continue; } await send(); } }`,
  "a return inside of a try": `export async function place(id) { if (id) { try { return await write(id); } finally { done(); } } await send(); }`,
  "handlers that are given to one register": `export function start(app) { register("order", async (id) => { await write(id); }, async () => { await send(); }); }`,
  "handlers that are registered one after the other": `export function start(bus, id) { bus.register("a", async () => { await write(id); }); bus.register("b", async () => { await send(); }); }`,
  "handlers in an object that is registered": `export function start(app, id) { app.register({ onOrder: async () => { await write(id); }, onMail: async () => { await send(); } }); }`,
  "handlers in a list": `export function start(app, id) { app.handlers([() => write(id), () => send()]); }`,
  "named handlers that are registered": `async function onOrder(id) { await write(id); } async function onMail() { await send(); }
export function start(bus) { bus.add("order", onOrder); bus.handlers(onOrder, onMail); bus.when("mail", onMail); }`,
  "handlers that a local function keeps": `const handlers = []; function register(handler) { handlers.push(handler); }
export function start(id) { register(async () => { await write(id); }); register(async () => { await send(); }); }`,
  "success and failure of a promise": `export const place = (id) => load().then(() => write(id), () => send());`,
};
const pair = `${kafka} import { Pool } from "pg"; const pool = new Pool();
const write = (id) => pool.query("INSERT INTO orders (tenant_id) VALUES ($1)", [id]);`;

for (const [name, code] of Object.entries(passing)) {
  test(`accepts code that is no dual write: ${name}`, async () => {
    assert.deepEqual(await foundIn(`${pair}\n${code}`), []);
  });
}

/** Code that writes and sends in one run. */
const failing = {
  "an early return before both": `export async function place(id) { if (!id) return; await write(id); await send(); }`,
  "a return in another branch": `export async function place(id) { await write(id); if (!id) { await other(); return; } await send(); }`,
  "a write in a branch that goes on": `export async function place(id) { if (id) { await write(id); } await send(); }`,
  "a return of a callback alone": `export async function place(ids) { await Promise.all(ids.map(async (id) => { return write(id); })); await send(); }`,
  "a break out of the loop that wrote": `export async function place(ids) { for (const id of ids) { await write(id); break; } await send(); }`,
  "cases that fall through": `export async function place(id) { switch (id) { case 1: await write(id); case 2: await send(); } }`,
  "a callback that is awaited": `export async function place(id) { await traced("place", async () => { await write(id); await send(); }); }`,
  "a callback that a local function calls": `async function retried(work) { for (;;) await work(); }
export async function place(id) { retried(async () => { await write(id); }); await send(); }`,
  "then behind then": `export const place = (id) => write(id).then(() => send());`,
};
for (const [name, code] of Object.entries(failing)) {
  test(`reports a dual write: ${name}`, async () => {
    assert.equal((await foundIn(`${pair}\n${code}`)).filter((each) => each.endsWith("dual-write")).length, 1);
  });
}
