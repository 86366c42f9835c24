import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { distributedTable } from "../../provider/resources/distributed-table";
import { partitionSet } from "../../provider/resources/partition-set";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { lasting } from "../unit/lasting";
import { type DataPlaneDatabase, dataPlaneDatabase } from "./data-plane-database";
import { skip } from "./servers";

const orders = {
  schema: "ecommerce",
  table: "orders",
  by: "placed_at",
  every: lasting("1 month"),
  ahead: 3,
  retention: lasting("2 years"),
  dropAfter: "retention",
} as const;

const isolation = {
  schema: "ecommerce",
  table: "orders",
  column: "tenant_id",
  type: "uuid",
  grants: { ecommerce_app: ["SELECT", "INSERT"] },
} as const;

async function withOrders(t: TestContext): Promise<DataPlaneDatabase> {
  const plane = await dataPlaneDatabase();
  t.after(() => plane.close());
  await plane.admin.query(`CREATE TABLE ecommerce.orders (
    tenant_id uuid NOT NULL, id uuid NOT NULL, placed_at timestamptz NOT NULL, PRIMARY KEY (tenant_id, placed_at, id)
  ) PARTITION BY RANGE (placed_at)`);
  await distributedTable.create(plane.context, {
    schema: "ecommerce",
    table: "orders",
    column: "tenant_id",
    placement: { colocateWith: "ecommerce.tenants" },
    foreignKeys: [],
  });
  return plane;
}

interface FoundPartition {
  readonly name: string;
  readonly from: Date;
  readonly isolated: boolean;
}

async function partitions({ admin }: DataPlaneDatabase, parent = "ecommerce.orders") {
  const { rows } = await admin.query<FoundPartition>(
    `SELECT relname AS name, relrowsecurity AND relforcerowsecurity
       AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid AND polname = 'tenant_isolation') AS isolated,
       substring(pg_get_expr(relpartbound, c.oid) FROM 'FROM \\(''([^'']+)')::timestamptz AS from
     FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = $1::regclass ORDER BY "from"`,
    [parent],
  );
  return rows;
}

const month = (offset: number) => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset));
};

test("a partition set on a real server", { skip }, async (t) => {
  await t.test("has past, current and future partitions immediately, and no default partition", async (t) => {
    const plane = await withOrders(t);
    const { id, state } = await partitionSet.create(plane.context, orders);
    assert.equal(id, "ecommerce.orders");
    assert.deepEqual(state, { ...orders, maintenance: "on" });
    const starts = (await partitions(plane)).map(({ from }) => from);
    assert.deepEqual(starts, [-3, -2, -1, 0, 1, 2, 3].map(month));
    await assert.rejects(
      plane.admin.query("INSERT INTO ecommerce.orders VALUES (gen_random_uuid(), gen_random_uuid(), '2099-01-01')"),
      /no partition of relation "orders\w*" found for row/,
    );
  });

  await t.test("takes over an existing set, and reads it without a difference", async (t) => {
    const plane = await withOrders(t);
    await partitionSet.create(plane.context, orders);
    const before = await partitions(plane);
    const again = await partitionSet.create(plane.context, orders);
    assert.deepEqual(await partitions(plane), before);
    const found = await partitionSet.read(plane.context, again.id, undefined);
    assert.deepEqual(found, { ...orders, maintenance: "on" });
    assert.deepEqual(partitionSet.diff(found ?? assert.fail(), orders), []);
  });

  await t.test("creates more partitions for a larger `ahead`, and applies a new retention", async (t) => {
    const plane = await withOrders(t);
    const { id, state } = await partitionSet.create(plane.context, orders);
    const { retention: _, ...forEver } = orders;
    const next = { ...forEver, ahead: 5 };
    assert.deepEqual(partitionSet.diff(state, next), [
      { path: "ahead", how: "update" },
      { path: "retention", how: "update" },
    ]);
    const updated = await partitionSet.update(plane.context, id, state, next);
    assert.deepEqual(updated, { ...next, maintenance: "on" });
    // pg_partman rounds, so late in a month it creates one more.
    const last = (await partitions(plane)).at(-1)?.from ?? assert.fail();
    assert.ok(last >= month(5), last.toISOString());
  });

  await t.test("shows changes made by hand, and corrects them", async (t) => {
    const plane = await withOrders(t);
    const { id, state } = await partitionSet.create(plane.context, orders);
    await plane.admin.query("UPDATE partman.part_config SET retention = '1 month', automatic_maintenance = 'off'");
    const drifted = await partitionSet.read(plane.context, id, state);
    assert.deepEqual(drifted, { ...orders, retention: lasting("1 month"), maintenance: "off" });
    assert.deepEqual(partitionSet.diff(drifted ?? assert.fail(), orders), [
      { path: "retention", how: "update" },
      { path: "maintenance", how: "update" },
    ]);
    assert.deepEqual(await partitionSet.update(plane.context, id, drifted ?? assert.fail(), orders), state);
    await plane.admin.query("DELETE FROM partman.part_config");
    assert.equal(await partitionSet.read(plane.context, id, state), undefined);
  });

  await t.test("drops partitions past their retention during maintenance", async (t) => {
    const plane = await withOrders(t);
    await partitionSet.create(plane.context, { ...orders, retention: lasting("1 month") });
    await plane.admin.query("SELECT partman.run_maintenance('ecommerce.orders')");
    assert.deepEqual((await partitions(plane))[0]?.from, month(-1));
  });

  await t.test("begins weekly partitions on Monday", async (t) => {
    const plane = await withOrders(t);
    await partitionSet.create(plane.context, { ...orders, every: lasting("1 week") });
    assert.deepEqual(new Set((await partitions(plane)).map(({ from }) => from.getUTCDay())), new Set([1]));
  });

  await t.test("keeps the partitions when the set is deleted", async (t) => {
    const plane = await withOrders(t);
    const { id, state } = await partitionSet.create(plane.context, orders);
    const before = await partitions(plane);
    await partitionSet.delete(plane.context, id, state);
    assert.deepEqual(await partitions(plane), before);
    const { rows } = await plane.admin.query("SELECT FROM partman.part_config");
    assert.equal(rows.length, 0);
    const { rows: templates } = await plane.admin.query("SELECT to_regclass('partman.template_ecommerce_orders') AS t");
    assert.deepEqual(templates, [{ t: null }]);
  });

  await t.test("rejects a key or a length of partitions that differs from the existing ones", async (t) => {
    const plane = await withOrders(t);
    await partitionSet.create(plane.context, orders);
    await assert.rejects(
      partitionSet.create(plane.context, { ...orders, every: lasting("1 day") }),
      /cannot become longer or shorter/,
    );
    await assert.rejects(
      partitionSet.create(plane.context, { ...orders, by: "tenant_id" }),
      /is not partitioned by tenant_id/,
    );
  });

  await t.test("rejects a table that is missing or not partitioned", async (t) => {
    const plane = await withOrders(t);
    await plane.admin.query("CREATE TABLE ecommerce.plain (placed_at timestamptz NOT NULL)");
    await assert.rejects(
      partitionSet.create(plane.context, { ...orders, table: "plain" }),
      /plain is not partitioned by placed_at/,
    );
    await assert.rejects(partitionSet.create(plane.context, { ...orders, table: "none" }), /no table ecommerce.none/);
    await plane.admin.query("CREATE TABLE ecommerce.nullable (placed_at timestamptz) PARTITION BY RANGE (placed_at)");
    await assert.rejects(partitionSet.create(plane.context, { ...orders, table: "nullable" }), /may be null/);
  });

  await t.test("accepts names with capitals, spaces and quotes", async (t) => {
    const plane = await withOrders(t);
    await plane.admin.query(
      `CREATE TABLE ecommerce."Select ""All""" ("At" timestamptz NOT NULL) PARTITION BY RANGE ("At")`,
    );
    const odd = { ...orders, table: 'Select "All"', by: "At" };
    const { id, state } = await partitionSet.create(plane.context, odd);
    assert.deepEqual(await partitionSet.read(plane.context, id, undefined), state);
    await partitionSet.delete(plane.context, id, state);
  });
});

test("isolates a partition of an isolated table in the statement that creates it", { skip }, async (t) => {
  const plane = await withOrders(t);
  await tenantIsolation.create(plane.context, isolation);
  const isolated = async () => new Set((await partitions(plane)).map(({ isolated }) => isolated));

  await t.test("created by pg_partman", async () => {
    await partitionSet.create(plane.context, orders);
    assert.deepEqual(await isolated(), new Set([true]));
  });

  await t.test("created or attached by hand", async () => {
    await plane.admin.query(
      "CREATE TABLE ecommerce.o1 PARTITION OF ecommerce.orders FOR VALUES FROM ('2001-01-01') TO ('2002-01-01')",
    );
    await plane.admin.query("CREATE TABLE ecommerce.o2 (LIKE ecommerce.orders INCLUDING ALL)");
    await plane.admin.query(
      "ALTER TABLE ecommerce.orders ATTACH PARTITION ecommerce.o2 FOR VALUES FROM ('2002-01-01') TO ('2003-01-01')",
    );
    assert.deepEqual(await isolated(), new Set([true]));
  });

  await t.test("with subpartitions", async (t) => {
    if ((await plane.context.database.facts).citus) return t.skip("Citus has no partitions of partitions");
    await plane.admin.query(`
      CREATE TABLE ecommerce.o3 (LIKE ecommerce.orders INCLUDING ALL) PARTITION BY RANGE (placed_at);
      CREATE TABLE ecommerce.o4 PARTITION OF ecommerce.o3 FOR VALUES FROM ('2003-01-01') TO ('2004-01-01')`);
    await plane.admin.query(
      "ALTER TABLE ecommerce.orders ATTACH PARTITION ecommerce.o3 FOR VALUES FROM ('2003-01-01') TO ('2004-01-01')",
    );
    assert.deepEqual(await isolated(), new Set([true]));
    assert.deepEqual(
      (await partitions(plane, "ecommerce.o3")).map(({ isolated }) => isolated),
      [true],
    );
  });

  await t.test("so TenantIsolation finds no gap", async () => {
    const found = await tenantIsolation.read(plane.context, "ecommerce.orders", {
      ...isolation,
      gaps: {},
      surplus: {},
    });
    assert.deepEqual(found?.gaps, {});
  });

  await t.test("but changes no other tables and no role's temporary tables", async () => {
    await plane.admin.query(`CREATE TABLE ecommerce.free (at date) PARTITION BY RANGE (at);
      CREATE TABLE ecommerce.free1 PARTITION OF ecommerce.free FOR VALUES FROM ('2001-01-01') TO ('2002-01-01')`);
    assert.deepEqual(
      (await partitions(plane, "ecommerce.free")).map(({ isolated }) => isolated),
      [false],
    );
    const app = await plane.asRole("app");
    await app.query("CREATE TEMPORARY TABLE scratch (a integer)");
  });
});
