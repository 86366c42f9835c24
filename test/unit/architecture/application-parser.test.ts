import assert from "node:assert/strict";
import test from "node:test";
import { parseShop, placesOf, problemsOf } from "./shop";

const columns = "tenant_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (tenant_id, id)";

test("names the application's schema, roles and topics after its folder", async () => {
  const shop = await parseShop({
    yaml: ["roles: { app: { writes: all } }", "events: { aggregates: { order: {} } }"],
  });
  assert.equal(shop.schema, "shop");
  assert.deepEqual(shop.roles, [{ name: "app", user: "shop_app", reads: "all", writes: "all", reaches: [] }]);
  assert.deepEqual(shop.events.aggregates, [
    { name: "order", topic: "shop.order.events", partitions: 6, retention: { count: 7, unit: "day" } },
  ]);
});

test("a role that does not write everything reads only the tables that it names", async () => {
  const shop = await parseShop({ yaml: ["roles: { agent: { reads: [countries], statementTimeout: 5 s } }"] });
  assert.deepEqual(shop.roles, [
    {
      name: "agent",
      user: "shop_agent",
      reads: ["countries"],
      writes: [],
      reaches: [],
      statementTimeout: { count: 5, unit: "second" },
    },
  ]);
});

test("accepts a description that does not list the tenant root among the tables", async () => {
  const shop = await parseShop({ root: [] });
  assert.deepEqual(
    shop.tables.map(({ kind, name, primaryKey }) => ({ kind, name, primaryKey })),
    [
      { kind: "reference", name: "countries", primaryKey: ["code"] },
      { kind: "tenant", name: "tenants", primaryKey: ["tenant_id"] },
    ],
  );
});

test("sorts a table after those that its foreign keys refer to", async () => {
  const shop = await parseShop({
    tables: ["items: { tenant: true }", "orders: { tenant: true }"],
    sql: {
      "002_orders.sql": `
        CREATE TABLE items (${columns}, order_id uuid, FOREIGN KEY (tenant_id, order_id) REFERENCES orders);
        CREATE TABLE orders (${columns});`,
    },
  });
  assert.deepEqual(
    shop.tables.map(({ name }) => name),
    ["countries", "tenants", "orders", "items"],
  );
});

test("defers foreign keys from the statements, with the names that PostgreSQL would choose", async () => {
  const shop = await parseShop({
    tables: ["orders: { tenant: true }"],
    sql: {
      "002_orders.sql": [
        `CREATE TABLE orders (${columns}, country text REFERENCES countries ON DELETE RESTRICT, parent uuid);`,
        "ALTER TABLE orders ADD FOREIGN KEY (tenant_id, parent) REFERENCES orders;",
        "CREATE INDEX ON orders (tenant_id, country);",
      ].join("\n"),
    },
  });
  assert.deepEqual(shop.tables.find(({ name }) => name === "orders")?.foreignKeys, [
    {
      name: "orders_country_fkey",
      columns: ["country"],
      references: { schema: "shop", table: "countries", columns: ["code"] },
      actions: "ON DELETE RESTRICT",
    },
    {
      name: "orders_tenant_id_parent_fkey",
      columns: ["tenant_id", "parent"],
      references: { schema: "shop", table: "orders", columns: ["tenant_id", "id"] },
      actions: "",
    },
  ]);
  assert.deepEqual(shop.files[1]?.statements, [
    { sql: `CREATE TABLE orders (${columns}, country text, parent uuid)`, line: 1 },
    { sql: "CREATE INDEX ON orders (tenant_id, country)", line: 3 },
  ]);
});

test("keeps a foreign key that a later file adds in that file", async () => {
  const alter = "ALTER TABLE orders ADD FOREIGN KEY (country) REFERENCES countries";
  const shop = await parseShop({
    tables: ["orders: { tenant: true }"],
    sql: { "002_orders.sql": `CREATE TABLE orders (${columns}, country text);`, "003_country.sql": `${alter};` },
  });
  assert.deepEqual(shop.tables.find(({ name }) => name === "orders")?.foreignKeys, []);
  assert.deepEqual(shop.files[2]?.statements, [{ sql: alter, line: 1 }]);
});

test("keeps the foreign keys of a local table in its file", async () => {
  const sql = "CREATE TABLE jobs (id uuid PRIMARY KEY, after uuid REFERENCES jobs)";
  const shop = await parseShop({ tables: ["jobs: { local: true }"], sql: { "002_jobs.sql": sql } });
  assert.deepEqual(shop.files[1]?.statements, [{ sql, line: 1 }]);
});

test("drops rows of a tiered table at the end of the cold tier", async () => {
  const shop = await parseShop({
    tables: [
      "log: { tenant: true, partition: { by: at, every: 1 month }, tiers: { hot: 3 months, warm: 1 year, cold: 7 years } }",
    ],
    sql: {
      "002_log.sql":
        "CREATE TABLE log (tenant_id uuid, at timestamptz, PRIMARY KEY (tenant_id, at)) PARTITION BY RANGE (at);",
    },
  });
  const log = shop.tables.find(({ name }) => name === "log");
  assert.deepEqual(log?.kind === "tenant" && log.partition, {
    by: "at",
    every: { count: 1, unit: "month" },
    ahead: 4,
    retention: { count: 7, unit: "year" },
    tiers: { hot: { count: 3, unit: "month" }, database: { count: 1, unit: "year" } },
  });
});

test("adds the events about cold requests where rows become cold and the application has events", async () => {
  const parse = async (tiers: string, events = "") =>
    (
      await parseShop({
        tables: [
          `log: { tenant: true, partition: { by: at, every: 1 month }, tiers: { ${tiers}, cold: 7 years } }${events}`,
        ],
        sql: {
          "002_log.sql":
            "CREATE TABLE log (tenant_id uuid, at timestamptz, PRIMARY KEY (tenant_id, at)) PARTITION BY RANGE (at);",
        },
      })
    ).events.aggregates.map(({ topic }) => topic);
  const events = "\nevents: { aggregates: { order: {} } }";
  assert.deepEqual(await parse("hot: 1 year"), []);
  assert.deepEqual(await parse("hot: 1 year", events), ["shop.order.events", "shop.cold_request.events"]);
});

test("sorts files by number, and reads from each whether it runs in a transaction", async () => {
  const shop = await parseShop({
    sql: { "1000_last.sql": "SELECT 1;", "020_index.sql": "-- tenantry: no transaction\nVACUUM;" },
  });
  assert.deepEqual(
    shop.files.map(({ path, transaction }) => ({ path, transaction })),
    [
      { path: "sql/shop/001_tenants.sql", transaction: true },
      { path: "sql/shop/020_index.sql", transaction: false },
      { path: "sql/shop/1000_last.sql", transaction: true },
    ],
  );
});

test("keeps names with quotes, spaces, capitals and reserved words", async () => {
  const shop = await parseShop({
    tables: [`'Größe "1"': { tenant: true, partition: { by: order, every: 1 day } }`, "select: { tenant: true }"],
    sql: {
      "002_odd.sql": `
        CREATE TABLE "select" (tenant_id uuid PRIMARY KEY);
        CREATE TABLE "Größe ""1""" (
          tenant_id uuid REFERENCES "select", "order" timestamptz, "a b" text REFERENCES "countries" ("code"),
          PRIMARY KEY (tenant_id, "order")) PARTITION BY RANGE ("order");`,
    },
  });
  const [table] = shop.tables.filter(({ name }) => name === 'Größe "1"');
  assert.deepEqual(table?.primaryKey, ["tenant_id", "order"]);
  assert.deepEqual(
    table?.foreignKeys.map(({ name, columns, references }) => [name, columns, references.table]),
    [
      ['Größe "1"_tenant_id_fkey', ["tenant_id"], "select"],
      ['Größe "1"_a b_fkey', ["a b"], "countries"],
    ],
  );
});

test("requires no description of temporary tables and other objects", async () => {
  const sql = "CREATE TEMP TABLE t (a int); CREATE TYPE mood AS ENUM ('good'); CREATE SEQUENCE s;";
  assert.deepEqual(await problemsOf({ sql: { "002_other.sql": sql } }), []);
});

test("reports all problems of the description and of every SQL file together", async () => {
  assert.deepEqual(
    await placesOf({
      yaml: ["evnts: {}"],
      sql: { "002_a.sql": "CREATE TABL a ();", "003_b.sql": "SELECT 1;\nSELECT FROM FROM;", "4_c.sql": "BEGIN;" },
    }),
    [
      "4_c.sql The SQL file's name does not say when it runs",
      '002_a.sql:1:8 PostgreSQL cannot read this SQL: syntax error at or near "TABL"',
      '003_b.sql:2:13 PostgreSQL cannot read this SQL: syntax error at or near "FROM"',
      "4_c.sql:1:1 A file runs in one transaction by itself",
      "architecture.yaml:5:1 There is no key `evnts`",
    ],
  );
});
