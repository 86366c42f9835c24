import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { type MetricsQuery, queries } from "../../components/monitoring/queries";
import { recordRequests, recordRun } from "../../lifecycle/activity";
import { applyApplication } from "./applied";
import { type FreshDatabase, freshDatabase, skip } from "./servers";

/** A connection as a member of pg_monitor without further permissions. */
async function asMonitor(t: TestContext, fresh: FreshDatabase) {
  const { host, port, database, user, password } = fresh;
  const name = `monitor_${randomBytes(4).toString("hex")}`;
  const admin = new Client({ host, port, database, user, password });
  await admin.connect();
  await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD 'only-here' IN ROLE pg_monitor`);
  const monitor = new Client({ host, port, database, user: name, password: "only-here" });
  await monitor.connect();
  t.after(async () => {
    await monitor.end();
    await admin.query(`DROP ROLE ${name}`);
    await admin.end();
    await fresh.drop();
  });
  const rows = async (query: keyof typeof queries) => {
    const { sql } = queries[query] as MetricsQuery;
    return (await monitor.query<Record<string, unknown>>(sql)).rows;
  };
  return { admin, monitor, rows };
}

test("the exporter's queries", { skip }, async (t) => {
  const fresh = await freshDatabase();
  const { admin, monitor, rows } = await asMonitor(t, fresh);
  const { rows: citus } = await admin.query("SELECT FROM pg_extension WHERE extname = 'citus'");

  await t.test("run as a member of pg_monitor, and return the declared columns", async (each) => {
    for (const [name, { sql, columns, citus: needsCitus }] of Object.entries(queries)) {
      if (needsCitus && citus.length === 0) {
        each.diagnostic(`${name} needs Citus`);
        continue;
      }
      const { fields } = await monitor.query(sql);
      assert.deepEqual(
        fields.map((field) => field.name),
        Object.keys(columns),
        name,
      );
    }
  });

  await t.test("report the written WAL as the lag of a slot without a reader", async () => {
    const slot = `monitored_${randomBytes(4).toString("hex")}`;
    await admin.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
    try {
      await admin.query("CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 5000)");
      const found = (await rows("tenantry_slot")).find(({ slot_name }) => slot_name === slot);
      assert.equal(found?.active, 0);
      assert.equal(found?.lost, 0);
      assert.ok(Number(found?.lag_bytes) > 5_000_000, `${found?.lag_bytes} bytes`);
      assert.ok(Number(found?.retained_bytes) >= Number(found?.lag_bytes));
    } finally {
      await admin.query("SELECT pg_drop_replication_slot($1)", [slot]);
    }
  });

  await t.test("count the partitions ahead, only of tables that are partitioned by time", async () => {
    await admin.query(`
      CREATE TABLE by_time (at timestamptz NOT NULL) PARTITION BY RANGE (at);
      CREATE TABLE by_number (n int NOT NULL) PARTITION BY RANGE (n);
      CREATE TABLE by_number_1 PARTITION OF by_number FOR VALUES FROM (1) TO (9);
      CREATE TABLE by_time_rest PARTITION OF by_time DEFAULT;
      DO $$ BEGIN FOR day IN -1..2 LOOP EXECUTE format('CREATE TABLE by_time_%s PARTITION OF by_time FOR VALUES FROM (%L) TO (%L)',
        day + 1, date_trunc('day', now()) + day * interval '1 day', date_trunc('day', now()) + (day + 1) * interval '1 day'); END LOOP; END $$`);
    const found = (await rows("tenantry_partitions")).filter(({ table }) => String(table).startsWith("by_"));
    assert.deepEqual(
      found.map(({ table, ahead }) => [table, Number(ahead)]),
      [["by_time", 2]],
    );
    const seconds = Number(found[0]?.ahead_seconds);
    assert.ok(seconds > 2 * 86_400 && seconds <= 3 * 86_400, `${seconds} s`);
  });

  await t.test("don't count partitions beyond a gap, because rows in the gap would fail first", async () => {
    await admin.query("DROP TABLE by_time_2");
    const [found] = (await rows("tenantry_partitions")).filter(({ table }) => table === "by_time");
    assert.equal(Number(found?.ahead), 0);
    assert.ok(Number(found?.ahead_seconds) <= 86_400);
  });

  await t.test("report a partition set whose maintenance fails, with the time since its last success", async () => {
    assert.deepEqual(await rows("tenantry_partition_maintenance"), [], "without the toolkit");
    await admin.query(`CREATE SCHEMA tenantry; GRANT USAGE ON SCHEMA tenantry TO PUBLIC;
      CREATE TABLE tenantry.partition_maintenance (set_name text, succeeded_at timestamptz, failed_at timestamptz, error text);
      GRANT SELECT ON tenantry.partition_maintenance TO pg_monitor;
      INSERT INTO tenantry.partition_maintenance VALUES ('shop.orders', now() - interval '2 hours', now(), 'a <lock> timeout')`);
    const [found] = await rows("tenantry_partition_maintenance");
    assert.equal(`${found?.schema}.${found?.table}`, "shop.orders");
    assert.equal(found?.failing, 1);
    assert.ok(Number(found?.age_seconds) >= 7200);
  });

  await t.test("count parked events from statistics, without reading a row of them", async () => {
    assert.deepEqual(await rows("tenantry_parked"), [], "without the toolkit");
    await admin.query("CREATE TABLE tenantry.parked_events AS SELECT n FROM generate_series(1, 3) AS n");
    await admin.query("DELETE FROM tenantry.parked_events WHERE n = 1");
    const count = async () => (await rows("tenantry_parked")).map(({ schema, events }) => [schema, Number(events)]);
    // Statistics arrive after the transaction's end.
    for (const deadline = Date.now() + 20_000; Date.now() < deadline && (await count())[0]?.[1] !== 2; ) {
      await sleep(500);
      await admin.query("SELECT 1");
    }
    assert.deepEqual(await count(), [["tenantry", 2]]);
    await assert.rejects(monitor.query("SELECT FROM tenantry.parked_events"), /permission denied/);
  });

  await t.test("report rows past their tier, partitions that can't move, and requests that wait", async () => {
    const shop = await freshDatabase();
    const on = await asMonitor(t, shop);
    assert.deepEqual(await on.rows("tenantry_lifecycle"), [], "without the toolkit");
    assert.deepEqual(await on.rows("tenantry_lifecycle_activity"), [], "without the toolkit");
    const { endpoints } = shop;
    await applyApplication("ecommerce", endpoints, {
      without: ["ReplicationSlot", "Connector"],
      store: { folder: "/nowhere", prefix: "it" },
    });
    const orders = async () => (await on.rows("tenantry_lifecycle")).find(({ table }) => table === "orders");
    assert.deepEqual([Number((await orders())?.late_seconds), Number((await orders())?.failing)], [0, 0]);
    await on.admin.query(
      "CREATE TABLE ecommerce.orders_old PARTITION OF ecommerce.orders FOR VALUES FROM ('2022-01-01Z') TO ('2022-02-01Z')",
    );
    await on.admin.query(
      `INSERT INTO tenantry.aged_partition (schema_name, table_name, starts_at, ends_at, partition_name, step, error)
       VALUES ('ecommerce', 'orders', '2021-01-01Z', '2021-02-01Z', 'x', 'closed', 'the bucket is <full>')`,
    );
    const since = (Date.now() - Date.parse("2023-02-01T00:00:00Z")) / 1_000;
    assert.ok(Math.abs(Number((await orders())?.late_seconds) - since) < 60, String((await orders())?.late_seconds));
    assert.equal(Number((await orders())?.failing), 1);
    await recordRun(on.admin, 1);
    await recordRequests(on.admin, 3, new Date(Date.now() - 7_200_000));
    const activity = async () =>
      (await on.rows("tenantry_lifecycle_activity")).map(({ activity, age_seconds, waiting, waiting_seconds }) => [
        activity,
        Math.round(Number(age_seconds)) < 0 ? "never" : "now",
        Number(waiting),
        Math.round(Number(waiting_seconds) / 3_600),
      ]);
    assert.deepEqual((await activity()).toSorted(), [
      ["requests", "now", 3, 2],
      ["run", "never", 0, 0],
    ]);
    await recordRun(on.admin, 0);
    await recordRun(on.admin, 2);
    assert.equal((await activity()).find(([name]) => name === "run")?.[1], "now", "the last success is kept");
  });

  await t.test("count the shards on each node", { skip: citus.length === 0 && "needs Citus" }, async () => {
    await admin.query("CREATE TABLE spread (tenant_id uuid PRIMARY KEY)");
    await admin.query("SELECT create_distributed_table('spread', 'tenant_id', shard_count => 4)");
    const found = await rows("tenantry_shards");
    assert.equal(found.length, fresh.nodes.filter(({ name }) => name !== "coordinator").length);
    assert.equal(
      found.reduce((sum, { placements }) => sum + Number(placements), 0),
      4,
    );
  });
});
