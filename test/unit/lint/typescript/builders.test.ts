import assert from "node:assert/strict";
import test from "node:test";
import { foundIn } from "./found-in";

const heads = {
  knex: `import knex from "knex"; const db = knex({ client: "pg" });`,
  kysely: `import { Kysely } from "kysely"; const db = new Kysely<DB>({});`,
  drizzle: `import { drizzle } from "drizzle-orm/node-postgres"; import { and, between, eq, gte, inArray, lt, or, sql } from "drizzle-orm";
import { pgTable, uuid, text, timestamp } from "drizzle-orm/pg-core"; const db = drizzle("x");
const carts = pgTable("carts", { tenantId: uuid("tenant_id"), cartId: uuid("cart_id"), status: text() });
const customers = pgTable("customers", { tenantId: uuid("tenant_id").notNull(), customerId: uuid("customer_id"), name: text("name") });
const orders = pgTable("orders", { tenantId: uuid("tenant_id"), orderId: uuid("order_id"), customerId: uuid("customer_id"), placedAt: timestamp("placed_at") });`,
  prisma: `import { PrismaClient } from "@prisma/client"; const db = new PrismaClient();`,
  typeorm: `import { Column, Entity, In, LessThan, MoreThan, Repository } from "typeorm";
@Entity("carts") class Cart { @Column({ name: "tenant_id" }) tenantId: string; cartId: string; }
@Entity({ name: "orders" }) class OrderEntity { tenantId: string; placedAt: Date; }
declare const carts: Repository<Cart>; declare const orders: Repository<OrderEntity>;`,
  sequelize: `import { DataTypes, Model, Op, Sequelize } from "sequelize"; const sequelize = new Sequelize("x");
class Cart extends Model {} Cart.init({ tenantId: { type: DataTypes.UUID, field: "tenant_id" } }, { sequelize, tableName: "carts" });
const Order = sequelize.define("order", {}, { tableName: "orders" });`,
  promise: `import pgPromise from "pg-promise"; const db = pgPromise()("x");`,
  mikro: `import { MikroORM } from "@mikro-orm/core"; const em = (await MikroORM.init({})).em; class Cart {} class Order {}`,
};

const cases: Readonly<Record<keyof typeof heads, Readonly<Record<string, readonly string[]>>>> = {
  knex: {
    'await db("carts").where({ cart_id: id });': ["query-without-tenant"],
    'await db("carts").where({ tenant_id: t, cart_id: id }).first();': [],
    'await db("carts").where("tenant_id", t).andWhere("status", "open");': [],
    'await db("carts").where("cart_id", "=", id).update({ status: "gone" });': ["query-without-tenant"],
    'await db("carts").where("tenant_id", t).where("cart_id", id).update({ status: "gone" });': [],
    'await db("carts").where({ tenant_id: t }).orWhere({ status: "open" }).del();': ["query-without-tenant"],
    'await db("carts").where((q) => q.where("tenant_id", t).andWhere("status", "open"));': [],
    'await db("carts").where(function () { this.where("status", "x").orWhere("status", "y"); });': [
      "query-without-tenant",
    ],
    'await db("carts").whereIn("tenant_id", ts).select("status");': [],
    'await db("carts").whereIn("status", states).select("status");': ["query-without-tenant"],
    'await db("carts").whereRaw("tenant_id = ?", [t]);': [],
    'await db("carts").whereRaw("status = :status", { status });': ["query-without-tenant"],
    'await db("orders").where({ tenant_id: t });': ["unbounded-partition-query"],
    'await db("orders").where({ tenant_id: t }).whereBetween("placed_at", [a, b]);': [],
    'await db("orders").where({ tenant_id: t }).where("placed_at", ">", a).sum("total");': [],
    'await db("orders as o").join("customers as c", "c.customer_id", "o.customer_id").where("o.tenant_id", t).where("o.placed_at", ">", a);':
      ["cross-shard-join", "query-without-tenant"],
    'await db({ o: "orders" }).join({ c: "customers" }, { "c.customer_id": "o.customer_id", "c.tenant_id": "o.tenant_id" }).where("o.tenant_id", t).where("o.placed_at", ">", a);':
      [],
    'await db("orders as o").leftJoin("customers as c", function () { this.on("c.customer_id", "o.customer_id").andOn("c.tenant_id", "o.tenant_id"); }).where("o.tenant_id", t).where("o.placed_at", ">", a);':
      [],
    'await db.select("*").from("carts").where("status", "open");': ["query-without-tenant"],
    'await db.transaction(async (trx) => { await trx("carts").where("status", "x").delete(); });': [
      "query-without-tenant",
    ],
    'await db("countries").select("name");': [],
    'await db("carts").where(filter);': [],
    'let q = db("carts"); if (t) q = q.where("tenant_id", t); await q;': [],
    'await db("carts").insert({ tenant_id: t, status: "open" }).returning("cart_id");': [],
    'await db.raw("SELECT status FROM carts WHERE cart_id = ?", [id]);': ["query-without-tenant"],
    "await db.raw(\"SELECT ?? FROM carts WHERE tenant_id = :t AND data \\\\? 'a'\", []);": [],
    'await db.raw("SELECT status FROM carts WHERE tenant_id = :tenant AND cart_id::text = :id", { tenant, id });': [],
    'await db("tenantry.outbox").forUpdate().skipLocked().limit(10);': ["outbox-polling"],
  },
  kysely: {
    'await db.selectFrom("carts").selectAll().where("cart_id", "=", id).execute();': ["query-without-tenant"],
    'await db.selectFrom("carts").selectAll().where("tenant_id", "=", t).executeTakeFirst();': [],
    'await db.updateTable("carts").set({ status: "x" }).where("status", "=", "y").execute();': ["query-without-tenant"],
    'await db.deleteFrom("carts").where("tenant_id", "in", ts).execute();': [],
    'await db.selectFrom("carts").where((eb) => eb.and([eb("tenant_id", "=", t), eb("status", "=", "x")])).execute();':
      [],
    'await db.selectFrom("carts").where((eb) => eb.or([eb("tenant_id", "=", t), eb("status", "=", "x")])).execute();': [
      "query-without-tenant",
    ],
    'await db.selectFrom("carts").where(({ eb, and }) => and([eb("tenant_id", "=", t)])).execute();': [],
    'await db.selectFrom("orders as o").innerJoin("customers as c", "c.customer_id", "o.customer_id").where("o.tenant_id", "=", t).where("o.placed_at", ">=", a).execute();':
      ["cross-shard-join", "query-without-tenant"],
    'await db.selectFrom("orders as o").innerJoin("customers as c", (join) => join.onRef("c.customer_id", "=", "o.customer_id").onRef("c.tenant_id", "=", "o.tenant_id")).where("o.tenant_id", "=", t).where("o.placed_at", ">=", a).execute();':
      [],
    'await db.selectFrom("orders").where("tenant_id", "=", t).selectAll().execute();': ["unbounded-partition-query"],
    'let q = db.selectFrom("carts").selectAll(); q = q.where("tenant_id", "=", t); await q.execute();': [],
    'const q = db.selectFrom("carts").selectAll(); await q.where("tenant_id", "=", t).execute();': [],
    'await db.selectFrom("carts").selectAll().$if(!!t, (q) => q.where("tenant_id", "=", t)).execute();': [],
    'await db.insertInto("carts").values({ tenant_id: t }).onConflict((c) => c.doNothing()).execute();': [],
    'await db.transaction().execute(async (trx) => { await trx.deleteFrom("carts").where("cart_id", "=", id).execute(); });':
      ["query-without-tenant"],
    "import { sql } from \"kysely\"; await sql`UPDATE carts SET status = 'x' WHERE cart_id = ${id}`.execute(db);": [
      "query-without-tenant",
    ],
  },
  drizzle: {
    "await db.select().from(carts).where(eq(carts.cartId, id));": ["query-without-tenant"],
    "await db.select().from(carts).where(and(eq(carts.tenantId, t), eq(carts.cartId, id)));": [],
    "await db.select().from(carts).where(or(eq(carts.tenantId, t), eq(carts.cartId, id)));": ["query-without-tenant"],
    "await db.select().from(carts);": ["query-without-tenant"],
    'await db.update(carts).set({ status: "x" }).where(eq(carts.cartId, id)).returning();': ["query-without-tenant"],
    "await db.delete(carts).where(and(inArray(carts.tenantId, ts)));": [],
    "await db.select().from(carts).where(sql`${carts.tenantId} = ${t}`);": [],
    "await db.select().from(carts).where(sql`${carts.status} = ${s}`);": ["query-without-tenant"],
    "await db.select().from(orders).where(eq(orders.tenantId, t));": ["unbounded-partition-query"],
    "await db.select().from(orders).where(and(eq(orders.tenantId, t), gte(orders.placedAt, a), lt(orders.placedAt, b)));":
      [],
    "await db.select().from(orders).innerJoin(customers, eq(customers.customerId, orders.customerId)).where(and(eq(orders.tenantId, t), gte(orders.placedAt, a)));":
      ["cross-shard-join", "query-without-tenant"],
    "await db.select().from(orders).innerJoin(customers, and(eq(customers.tenantId, orders.tenantId), eq(customers.customerId, orders.customerId))).where(and(eq(orders.tenantId, t), between(orders.placedAt, a, b)));":
      [],
    "await db.query.carts.findMany({ where: eq(carts.cartId, id) });": ["query-without-tenant"],
    "await db.query.carts.findFirst({ where: (c, { eq, and }) => and(eq(c.tenantId, t), eq(c.cartId, id)) });": [],
    'import { customers as people } from "./schema"; await db.select().from(people).where(eq(people.name, name));': [
      "query-without-tenant",
    ],
    "const filters = [eq(carts.tenantId, t)]; await db.select().from(carts).where(and(...filters));": [],
    "const mine = eq(carts.tenantId, t); await db.select().from(carts).where(mine);": [],
    "await db.execute(sql`SELECT status FROM carts WHERE cart_id = ${id}`);": ["query-without-tenant"],
  },
  prisma: {
    "await db.cart.findMany({ where: { cartId: id } });": ["query-without-tenant"],
    "await db.cart.findMany({ where: { tenantId, cartId: id } });": [],
    "await db.cart.findMany();": ["query-without-tenant"],
    "await db.cart.findUnique({ where: { tenantId_cartId: { tenantId: t, cartId: id } } });": [],
    "await db.cart.findUnique({ where: { cartKey: { tenantId: t, cartId: id } } });": [],
    'await db.cart.findFirst({ where: { AND: [{ tenantId: t }, { status: "x" }] } });': [],
    'await db.cart.findFirst({ where: { OR: [{ tenantId: t }, { status: "x" }] } });': ["query-without-tenant"],
    "await db.cart.findFirst({ where: { tenant: { id: t } } });": [],
    'await db.cart.updateMany({ where: { status: { in: ["x"] } }, data: { status: "y" } });': ["query-without-tenant"],
    "await db.cart.deleteMany({ where: { tenantId: { in: ts } } });": [],
    "await db.cart.deleteMany({ where: { tenantId: { not: t } } });": ["query-without-tenant"],
    "await db.cart.create({ data: { tenantId: t } });": [],
    "await db.order.findMany({ where: { tenantId: t } });": ["unbounded-partition-query"],
    "await db.order.aggregate({ _sum: { total: true }, where: { tenantId: t, placedAt: { gte: a, lt: b } } });": [],
    "const where = { tenantId: t }; await db.cart.findMany({ where });": [],
    "await db.cart.findMany({ where: filter });": [],
    'await db.cart.findMany({ where: { ...filter, status: "x" } });': [],
    "await db.$queryRaw`SELECT status FROM carts WHERE cart_id = ${id}`;": ["query-without-tenant"],
    'await db.$executeRawUnsafe("DELETE FROM carts WHERE tenant_id = $1", t);': [],
    "await db.user.findMany();": [],
  },
  typeorm: {
    "await carts.find({ where: { cartId: id } });": ["query-without-tenant"],
    "await carts.findOneBy({ cartId: id });": ["query-without-tenant"],
    "await carts.findOneBy({ tenantId: t, cartId: id });": [],
    'await carts.find({ where: [{ tenantId: t, cartId: id }, { tenantId: t, status: "x" }] });': [],
    'await carts.find({ where: [{ tenantId: t }, { status: "x" }] });': ["query-without-tenant"],
    'await carts.update({ cartId: id }, { status: "x" });': ["query-without-tenant"],
    "await carts.delete({ tenantId: In(ts) });": [],
    "await orders.find({ where: { tenantId: t, placedAt: MoreThan(a) } });": [],
    "await orders.find({ where: { tenantId: t } });": ["unbounded-partition-query"],
    'await carts.createQueryBuilder("c").where("c.cart_id = :id", { id }).getMany();': ["query-without-tenant"],
    'await carts.createQueryBuilder("c").where("c.tenant_id = :t", { t }).andWhere("c.cart_id IN (:...ids)", { ids }).getMany();':
      [],
    'await carts.createQueryBuilder().update(Cart).set({ status: "x" }).where("cart_id = :id", { id }).execute();': [
      "query-without-tenant",
    ],
    'await carts.createQueryBuilder().delete().from(Cart).where("tenant_id = :t", { t }).execute();': [],
    "await carts.manager.find(OrderEntity, { where: { tenantId: t } });": ["unbounded-partition-query"],
    'await carts.query("SELECT status FROM carts WHERE cart_id = $1", [id]);': ["query-without-tenant"],
    "await carts.save({ tenantId: t });": [],
  },
  sequelize: {
    "await Cart.findAll({ where: { cartId: id } });": ["query-without-tenant"],
    "await Cart.findAll({ where: { tenantId: t, cartId: id } });": [],
    "await Cart.findByPk(id);": [],
    'await Cart.update({ status: "x" }, { where: { cartId: id } });': ["query-without-tenant"],
    "await Cart.destroy({ where: { tenantId: t } });": [],
    "await Order.findAll({ where: { tenantId: t, placedAt: { [Op.gte]: a } } });": [],
    'await Order.sum("total", { where: { tenantId: t } });': ["unbounded-partition-query"],
    'await Cart.findAll({ where: { [Op.or]: [{ tenantId: t }, { status: "x" }] } });': ["query-without-tenant"],
    "await sequelize.query(\"UPDATE carts SET status = 'x' WHERE cart_id = :id\", { replacements: { id } });": [
      "query-without-tenant",
    ],
    'await sequelize.query("SELECT status FROM carts WHERE tenant_id = ? AND cart_id = ?", { replacements: [t, id] });':
      [],
    'await sequelize.query("SELECT status FROM carts WHERE tenant_id = $t", { bind: { t } });': [],
  },
  promise: {
    'await db.any("SELECT status FROM carts WHERE cart_id = $<id>", { id });': ["query-without-tenant"],
    'await db.one("SELECT $1:name FROM carts WHERE tenant_id = $2 AND cart_id IN ($3:csv)", [c, t, ids]);': [],
    "await db.none('UPDATE $(table:name) SET status = ${status} WHERE tenant_id = $(t)', { t });": [],
  },
  mikro: {
    "await em.find(Cart, { cartId: id });": ["query-without-tenant"],
    "await em.findOne(Cart, { tenantId: t, cartId: id });": [],
    'await em.nativeUpdate(Cart, { status: "x" }, { status: "y" });': ["query-without-tenant"],
    "await em.find(Order, { tenant: t, placedAt: { $gte: a } });": [],
    "await em.find(Order, { tenant: t });": ["unbounded-partition-query"],
    'await em.getConnection().execute("SELECT status FROM carts WHERE cart_id = ?", [id]);': ["query-without-tenant"],
  },
};

for (const [library, examples] of Object.entries(cases)) {
  for (const [code, wanted] of Object.entries(examples)) {
    test(`${library}: ${code} ${wanted.length > 0 ? `is reported by ${wanted.join(" and ")}` : "is accepted"}`, async () => {
      const found = await foundIn(`${heads[library as keyof typeof heads]}\n${code}`);
      assert.deepEqual(
        found.map((each) => each.split(" ")[1]),
        [...wanted],
      );
    });
  }
}

test("names an imported table or model of an unread file by its name alone", async () => {
  const schema = 'import { eq } from "drizzle-orm"; import { carts, Cart } from "./schema";';
  const drizzle = `${schema} import { drizzle } from "drizzle-orm/node-postgres"; const db = drizzle("x");`;
  assert.deepEqual(await foundIn(`${drizzle}\nawait db.select().from(carts).where(eq(carts.cartId, id));`), [
    "2 query-without-tenant",
  ]);
  assert.deepEqual(await foundIn(`${drizzle}\nawait db.select().from(carts).where(eq(carts.tenantId, id));`), []);
  const typeorm = `${schema} import { DataSource } from "typeorm"; const source = new DataSource({});`;
  assert.deepEqual(await foundIn(`${typeorm}\nawait source.getRepository(Cart).find({ where: { cartId } });`), [
    "2 query-without-tenant",
  ]);
  assert.deepEqual(await foundIn(`${typeorm}\nawait source.manager.findBy(Cart, { tenantId });`), []);
});
