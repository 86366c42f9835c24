import assert from "node:assert/strict";
import test from "node:test";
import { loadSqlParser } from "../../../../architecture/sql/sql-parser";
import { lint } from "../../../../lint/lint";
import { loadTypeScript } from "../../../../lint/typescript/typescript";

const yaml = {
  path: "sql/shop/architecture.yaml",
  text: "tenant: { table: Tenant, column: tenantRef }\ntables:\n  OrderItem: { tenant: true }\n  shop_carts: { tenant: true }\n",
};
const sql = {
  path: "sql/shop/010_tables.sql",
  text: `CREATE TABLE "Tenant" ("tenantRef" uuid PRIMARY KEY);
CREATE TABLE "OrderItem" ("tenantRef" uuid, id uuid, note text, PRIMARY KEY ("tenantRef", id));
CREATE TABLE shop_carts ("tenantRef" uuid, cart_id uuid, PRIMARY KEY ("tenantRef", cart_id));`,
};
const schema = `datasource db {
  provider = "postgresql"
  url      = env("URL")
}
model OrderItem {
  org    String // the tenant
  id     String
  tenant Tenant @relation(fields: [org], references: [id])
  org2   String @default("a // b")
  @@id([org, id])
}
model Basket {
  account String @map("tenantRef") @db.Uuid
  id      String @map(name: "cart_id")
  owner   Tenant @relation(fields: [account], references: [id])
  items   OrderItem[]

  @@id([account, id])
  @@map("shop_carts")
}`.replace("org    String", 'org    String @map("tenantRef")');

const client = 'import { PrismaClient } from "@prisma/client"; const db = new PrismaClient();\n';

/** The rules that the code breaks, given Prisma's schemas by path. */
async function rulesIn(code: string, schemas: Readonly<Record<string, string>> = { "prisma/schema.prisma": schema }) {
  await Promise.all([loadSqlParser(), loadTypeScript()]);
  const prisma = Object.entries(schemas).map(([path, text]) => ({ path, text }));
  const source = { path: "src/app.ts", text: client + code };
  return lint({ name: "shop", yaml, sql: [sql], code: [source], prisma, wanted: new Set([source.path]) }).map(
    ({ rule }) => rule,
  );
}

const without = ["query-without-tenant"];

test("finds the table and the columns of a model by @@map and @map", async () => {
  assert.deepEqual(await rulesIn("await db.basket.findMany({ where: { id: x } });"), without);
  assert.deepEqual(await rulesIn("await db.basket.findMany({ where: { account: t, id: x } });"), []);
  assert.deepEqual(await rulesIn("await db.basket.findMany({ where: { owner: { id: t } } });"), []);
  assert.deepEqual(await rulesIn("await db.basket.deleteMany();"), without);
  assert.deepEqual(await rulesIn("await db.basket.update({ where: { account_id: { account: t, id } }, data });"), []);
});

test("takes a model without @@map as a table of its own name", async () => {
  assert.deepEqual(await rulesIn("await db.orderItem.updateMany({ where: { id: x }, data });"), without);
  assert.deepEqual(await rulesIn("await db.orderItem.findMany({ where: { org: t } });"), []);
  assert.deepEqual(await rulesIn("await db.orderItem.findMany({ where: { tenant: { id: t } } });"), []);
});

test("uses the schema nearest to the code, and one of another database's schema only by its full name", async () => {
  const near = schema.replace('@@map("shop_carts")', '@@map("other")');
  const find = "await db.basket.findMany({ where: { id: x } });";
  assert.deepEqual(await rulesIn(find, { "src/prisma/schema.prisma": near, "lib/schema.prisma": schema }), []);
  assert.deepEqual(await rulesIn(find, { "lib/schema.prisma": near, "src/schema.prisma": schema }), without);
  const elsewhere = schema.replace('@@map("shop_carts")', '@@map("shop_carts")\n  @@schema("billing")');
  assert.deepEqual(await rulesIn(find, { "schema.prisma": elsewhere }), []);
});

test("finds a quoted table in mixed case without a schema of Prisma, in code and in SQL", async () => {
  assert.deepEqual(await rulesIn("await db.orderItem.findMany({ where: { id: x } });", {}), without);
  assert.deepEqual(await rulesIn("await db.orderItem.findMany({ where: { tenantRef: t } });", {}), []);
  assert.deepEqual(await rulesIn("await pool.query('SELECT note FROM \"OrderItem\" WHERE id = $1');", {}), without);
  assert.deepEqual(await rulesIn('await pool.query(\'SELECT note FROM "OrderItem" WHERE "tenantRef" = $1\');', {}), []);
});
