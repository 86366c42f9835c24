import assert from "node:assert/strict";
import test from "node:test";
import { placesOf, problemsOf } from "../shop";

const orders = "CREATE TABLE orders (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id));";

test("reports a table that no SQL file creates at its place in architecture.yaml, and suggests a name", async () => {
  const [problem] = await problemsOf({ tables: ["oders: { tenant: true }"], sql: { "002_orders.sql": orders } });
  assert.deepEqual(problem, {
    what: "No SQL file creates a table `oders`",
    expected: "`countries`, `tenants`, `orders`",
    fix: "Write `orders`, if that is what you mean",
    at: { file: "sql/shop/architecture.yaml", line: 5, column: 3, text: "  oders: { tenant: true }" },
  });
});

test("reports a table missing from architecture.yaml at its place in the SQL", async () => {
  assert.deepEqual(await placesOf({ sql: { "002_orders.sql": `SELECT 1;\n${orders}` } }), [
    "002_orders.sql:2:14 Table `orders` is not in architecture.yaml",
  ]);
});

test("rejects a tenant root that does not exist or is not a tenant table", async () => {
  const sql = { "001_tenants.sql": "CREATE TABLE countries (code text PRIMARY KEY);" };
  assert.deepEqual(await placesOf({ root: [], sql }), ["architecture.yaml:1:11 No SQL file creates a table `tenants`"]);
  const [problem] = await problemsOf({ root: ["tenants: { local: true }"] });
  assert.equal(problem?.what, "The tenant root `tenants` is a tenant table itself");
});

test("rejects a table with two kinds", async () => {
  const problems = await problemsOf({
    tables: ["orders: { tenant: true, local: true }"],
    sql: { "002_orders.sql": orders },
  });
  assert.equal(problems[0]?.what, "Table `orders` needs exactly one kind");
  assert.equal(problems[0]?.got, "tenant and local");
});

test("rejects a table that is created twice, at the second place", async () => {
  const places = await placesOf({
    tables: ["orders: { tenant: true }"],
    sql: { "002_orders.sql": orders, "003_again.sql": orders },
  });
  assert.deepEqual(places, ["003_again.sql:1:14 Table `orders` is created twice: also in sql/shop/002_orders.sql:1"]);
});

test("requires no description of a table that is dropped again", async () => {
  assert.deepEqual(await problemsOf({ sql: { "002_orders.sql": orders, "003_drop.sql": "DROP TABLE orders;" } }), []);
});

test("rejects renaming a table", async () => {
  const places = await placesOf({
    tables: ["orders: { tenant: true }"],
    sql: { "002_orders.sql": orders, "003_rename.sql": "ALTER TABLE orders RENAME TO sales;" },
  });
  assert.deepEqual(places, [
    "003_rename.sql:1:13 Table `orders` cannot be renamed: its distribution, policies and partitions go by its name",
  ]);
});

test("accepts tables in the application's schema only, written with or without it", async () => {
  const tables = ["orders: { tenant: true }"];
  assert.deepEqual(
    await problemsOf({ tables, sql: { "002_orders.sql": orders.replace("orders", "shop.orders") } }),
    [],
  );
  assert.deepEqual(await placesOf({ sql: { "002_orders.sql": orders.replace("orders", "public.orders") } }), [
    "002_orders.sql:1:14 Table `public.orders` is not in the application's schema",
  ]);
});

test("reports that the columns of CREATE TABLE AS cannot be read", async () => {
  assert.deepEqual(await placesOf({ sql: { "002_copy.sql": "CREATE TABLE copy AS SELECT * FROM tenants;" } }), [
    "002_copy.sql:1:14 The columns and keys of `copy` cannot be read from CREATE TABLE AS",
  ]);
});

test("rejects ALTER TABLE and CREATE INDEX on unknown tables", async () => {
  const sql = "ALTER TABLE nowhere ADD a int;\nCREATE INDEX ON nowhere (a);";
  assert.deepEqual(await placesOf({ sql: { "002_alter.sql": sql } }), [
    "002_alter.sql:1:13 Table `nowhere` is not created before",
    "002_alter.sql:2:17 Table `nowhere` is not created before",
  ]);
});
