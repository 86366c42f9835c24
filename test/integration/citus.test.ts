import assert from "node:assert/strict";
import test from "node:test";
import type { DistributedTableInputs, TenantIsolationInputs } from "../../architecture/data-plane/declaration";
import { distributedTable } from "../../provider/resources/distributed-table";
import { migration } from "../../provider/resources/migration";
import { referenceTable } from "../../provider/resources/reference-table";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { type DatabaseFixture, startDatabaseFixture } from "./database-fixture";
import { skip } from "./servers";

const [anna, bert] = ["00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"];

const reference = (table: string, column: string, target: string, targetColumn: string) => ({
  name: `${table}_${column}_fkey`,
  columns: [column],
  references: { schema: "shop", table: target, columns: [targetColumn] },
  actions: "",
});
const tenants: DistributedTableInputs = {
  schema: "shop",
  table: "tenants",
  column: "tenant_id",
  placement: { shardCount: 4 },
  foreignKeys: [reference("tenants", "country", "countries", "code")],
};
const orders: DistributedTableInputs = {
  schema: "shop",
  table: "orders",
  column: "tenant_id",
  placement: { colocateWith: "shop.tenants" },
  foreignKeys: [reference("orders", "tenant_id", "tenants", "tenant_id")],
};
const isolation: TenantIsolationInputs = {
  schema: "shop",
  table: "orders",
  column: "tenant_id",
  type: "uuid",
  grants: { shop_app: ["DELETE", "INSERT", "SELECT", "UPDATE"] },
};

/** Tables that have rows before they are distributed. Without Citus, skips the test and returns undefined. */
async function startWithCitus(t: test.TestContext): Promise<DatabaseFixture | undefined> {
  const fixture = await startDatabaseFixture(t);
  if ((await fixture.database.facts).citus === undefined) {
    t.skip("this server has no Citus");
    return undefined;
  }
  const { database } = fixture.endpoint;
  await fixture.run(`ALTER DATABASE "${database}" SET citus.propagate_set_commands = 'local'`);
  await fixture.run(`CREATE SCHEMA shop;
    CREATE TABLE shop.countries (code text PRIMARY KEY);
    CREATE TABLE shop.tenants (tenant_id uuid PRIMARY KEY, country text);
    CREATE TABLE shop.orders (tenant_id uuid, at date, note text, PRIMARY KEY (tenant_id, at)) PARTITION BY RANGE (at);
    CREATE TABLE shop.orders_1 PARTITION OF shop.orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    INSERT INTO shop.countries VALUES ('NO');
    INSERT INTO shop.tenants VALUES ('${anna}', 'NO'), ('${bert}', 'NO');
    INSERT INTO shop.orders VALUES ('${anna}', '2026-05-05', 'of Anna'), ('${bert}', '2026-05-05', 'of Bert')`);
  return fixture;
}

async function place(fixture: DatabaseFixture) {
  await referenceTable.create(fixture, { schema: "shop", table: "countries", foreignKeys: [], grants: {} });
  const root = (await distributedTable.create(fixture, tenants)).state;
  const { state } = await distributedTable.create(fixture, orders);
  await tenantIsolation.create(fixture, isolation);
  return { root, state };
}

async function isIsolated(fixture: DatabaseFixture): Promise<void> {
  const found = await tenantIsolation.read(fixture, "shop.orders", { ...isolation, gaps: {}, surplus: {} });
  assert.deepEqual(found, { ...isolation, gaps: {}, surplus: {} });
  const read = (tenant: string) =>
    fixture.runAs("app", "BEGIN", `SET LOCAL app.tenant_id = '${tenant}'`, "SELECT note FROM shop.orders");
  assert.deepEqual(await read(anna), [{ note: "of Anna" }]);
  assert.deepEqual(await read(bert), [{ note: "of Bert" }]);
  assert.deepEqual(await fixture.runAs("app", "SELECT note FROM shop.orders"), []);
}

test("distributes and isolates existing rows, and frees them on the coordinator", {
  skip,
}, async (t) => {
  const fixture = await startWithCitus(t);
  if (!fixture) return;
  const { root, state } = await place(fixture);
  assert.deepEqual(
    [root, state],
    [
      { ...tenants, distributed: "yes" },
      { ...orders, distributed: "yes" },
    ],
  );
  assert.deepEqual(
    await fixture.run(`SELECT pg_relation_size('shop.tenants')::int AS tenants, pg_relation_size('shop.orders_1')::int AS orders,
      pg_relation_size('shop.countries')::int AS countries`),
    [{ tenants: 0, orders: 0, countries: 0 }],
  );
  await isIsolated(fixture);
  await assert.rejects(
    fixture.run(`INSERT INTO shop.orders VALUES ('${anna.replace("a", "c")}', '2026-05-05')`),
    /foreign key/,
  );
});

test("changes the number of shards of the whole group, and keeps isolation and foreign keys", {
  skip,
}, async (t) => {
  const fixture = await startWithCitus(t);
  if (!fixture) return;
  const { root, state } = await place(fixture);
  const next = { ...tenants, placement: { shardCount: 8 } };
  await assert.rejects(distributedTable.update(fixture, "shop.tenants", root, next), /rewrites every row/);
  fixture.allow.add("redistribute shop.tenants");
  const changed = await distributedTable.update(fixture, "shop.tenants", root, next);
  assert.deepEqual(changed, { ...next, distributed: "yes" });
  const counts = "SELECT DISTINCT shard_count::int AS shards FROM citus_tables WHERE citus_table_type = 'distributed'";
  assert.deepEqual(await fixture.run(counts), [{ shards: 8 }]);
  assert.deepEqual(await distributedTable.read(fixture, "shop.orders", state), state);
  await isIsolated(fixture);
});

test("rewrites the outbox's shards only after its slots have read the log", { skip }, async (t) => {
  const fixture = await startWithCitus(t);
  if (!fixture) return;
  const { root } = await place(fixture);
  await fixture.run(`CREATE SCHEMA tenantry;
    CREATE TABLE tenantry.outbox (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id))`);
  await fixture.run("SELECT create_distributed_table('tenantry.outbox', 'tenant_id', colocate_with => 'shop.tenants')");
  // Simulates a slot that catches up after three seconds.
  await fixture.run(`CREATE FUNCTION tenantry.replication_positions()
      RETURNS TABLE (node integer, name text, holds_shards boolean, lsn pg_lsn, slots jsonb) LANGUAGE sql
      AS $$ SELECT 1, 'worker', true, '0/2000'::pg_lsn, jsonb_build_object('shop_outbox_worker',
        CASE WHEN clock_timestamp() > '${new Date(Date.now() + 3_000).toISOString()}' THEN '0/2000' ELSE '0/1000' END) $$`);
  fixture.allow.add("redistribute shop.tenants");
  const next = { ...tenants, placement: { shardCount: 8 } };
  assert.equal((await distributedTable.update(fixture, "shop.tenants", root, next)).distributed, "yes");
  assert.match(
    fixture.logged.join("\n"),
    /waits until every event is read.*slot shop_outbox_worker on worker is 4096 bytes/,
  );
});

test("restores a table that was moved to another group, or distributed by another column", {
  skip,
}, async (t) => {
  const fixture = await startWithCitus(t);
  if (!fixture) return;
  const { state } = await place(fixture);
  await fixture.run(`ALTER TABLE shop.orders DROP CONSTRAINT orders_tenant_id_fkey;
    SELECT alter_distributed_table('shop.orders', shard_count => 2, colocate_with => 'none', cascade_to_colocated => false)`);
  const drifted = await distributedTable.read(fixture, "shop.orders", state);
  assert.ok(drifted);
  assert.deepEqual(
    distributedTable.diff(drifted, orders).map(({ path }) => path),
    ["placement", "foreignKeys"],
  );
  assert.equal(distributedTable.check?.(drifted, orders, new Set()).length, 1);
  await assert.rejects(distributedTable.create(fixture, orders), /rewrites every row/);
  fixture.allow.add("redistribute shop.orders");
  const repaired = await distributedTable.update(fixture, "shop.orders", drifted, orders);
  assert.deepEqual(repaired, state);
  await isIsolated(fixture);
});

test("distributes a table again that was undistributed by hand", { skip }, async (t) => {
  const fixture = await startWithCitus(t);
  if (!fixture) return;
  const { state } = await place(fixture);
  await fixture.run(
    `ALTER TABLE shop.orders DROP CONSTRAINT orders_tenant_id_fkey; SELECT undistribute_table('shop.orders')`,
  );
  const drifted = await distributedTable.read(fixture, "shop.orders", state);
  assert.ok(drifted);
  assert.deepEqual(
    distributedTable.diff(drifted, orders).map(({ path }) => path),
    ["distributed", "foreignKeys"],
  );
  assert.deepEqual(await distributedTable.update(fixture, "shop.orders", drifted, orders), state);
  await isIsolated(fixture);
});

test("does not turn a reference table into a distributed one silently, or the reverse", { skip }, async (t) => {
  const fixture = await startWithCitus(t);
  if (!fixture) return;
  await place(fixture);
  await assert.rejects(
    distributedTable.create(fixture, { ...tenants, table: "countries", column: "code", foreignKeys: [] }),
    /is a reference table in the database/,
  );
  await assert.rejects(
    referenceTable.create(fixture, { schema: "shop", table: "tenants", foreignKeys: [], grants: {} }),
    /is distributed by tenant_id in the database/,
  );
});

test("builds an index concurrently on a distributed table", { skip }, async (t) => {
  const fixture = await startWithCitus(t);
  if (!fixture) return;
  await place(fixture);
  const statements = [{ sql: "CREATE INDEX CONCURRENTLY tenants_country ON tenants (country)", line: 1 }];
  await migration.create(fixture, {
    ...{ path: "sql/shop/020.sql", hash: "0".repeat(64), statements, schema: "shop", apply: "once" },
    transaction: false,
  });
  assert.deepEqual(
    await fixture.run("SELECT indisvalid FROM pg_index WHERE indexrelid = 'shop.tenants_country'::regclass"),
    [{ indisvalid: true }],
  );
});

test("imports the group and the column", { skip }, async (t) => {
  const fixture = await startWithCitus(t);
  if (!fixture) return;
  const { root, state } = await place(fixture);
  assert.deepEqual(await distributedTable.read(fixture, "shop.tenants", undefined), root);
  assert.deepEqual(await distributedTable.read(fixture, "shop.orders", undefined), state);
});
