import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test, { type TestContext } from "node:test";
import { outbox } from "../../provider/resources/outbox";
import { partitionSet } from "../../provider/resources/partition-set";
import { lasting } from "../unit/lasting";
import { type DataPlaneDatabase, dataPlaneDatabase } from "./data-plane-database";
import { skip } from "./servers";

const days = {
  schema: "tenantry",
  table: "outbox",
  by: "created_at",
  every: lasting("1 day"),
  ahead: 1,
  retention: lasting("3 days"),
  dropAfter: "slots",
} as const;

/** A unique slot name, because slots belong to the server, which other tests use too. */
const slotOf = ({ endpoint }: DataPlaneDatabase, name = "first") =>
  `ecommerce_outbox_${name}_${endpoint.database.slice(-8)}`;

/** An outbox with a partition past its retention. */
async function withOldPartition(t: TestContext): Promise<DataPlaneDatabase> {
  const plane = await dataPlaneDatabase();
  t.after(() => plane.close());
  await outbox.create(plane.context, {
    column: "tenant_id",
    type: "uuid",
    colocateWith: "ecommerce.tenants",
    maxPayloadBytes: 8192,
    publication: "tenantry_outbox",
  });
  await plane.admin.query(
    "CREATE TABLE tenantry.outbox_old PARTITION OF tenantry.outbox FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')",
  );
  await partitionSet.create(plane.context, days);
  return plane;
}

/** Writes an event on that day, as the application would. */
function emitOld({ admin }: DataPlaneDatabase) {
  return admin.query(
    `INSERT INTO tenantry.outbox (tenant_id, created_at, aggregate_type, aggregate_id, type, payload)
     VALUES ($1, '2020-01-01 12:00Z', 'order', '1', 'OrderPlaced', '{}')`,
    [randomUUID()],
  );
}

async function old({ admin }: DataPlaneDatabase) {
  const { rows } = await admin.query<{ closed: boolean; held_back_by: string | null }>(
    `SELECT closed_at IS NOT NULL AS closed, held_back_by FROM tenantry.partition_retention
     WHERE partition = to_regclass('tenantry.outbox_old')`,
  );
  return rows[0];
}

async function run({ admin }: DataPlaneDatabase) {
  const { rows } = await admin.query<{ n: number }>("SELECT tenantry.drop_passed_partitions() AS n");
  return rows[0]?.n;
}

/** Advances the slot without a connector, as if all events had been read. */
const readOn = (plane: DataPlaneDatabase) =>
  plane.onEachNode("SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())", [slotOf(plane)]);

const makeSlot = (plane: DataPlaneDatabase, name?: string) =>
  plane.onEachNode("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [slotOf(plane, name)]);

test("an outbox partition past its retention", { skip }, async (t) => {
  await t.test("stays while there is no slot, and the view reports that", async (t) => {
    const plane = await withOldPartition(t);
    assert.equal(await run(plane), 0);
    const found = await old(plane);
    assert.equal(found?.closed, true);
    assert.match(found?.held_back_by ?? "", /^node .+ has no slot ecommerce_outbox_…/);
    assert.match(plane.said.join("\n"), /outbox_old is past its retention, and kept: node .+ has no slot/);
  });

  await t.test("stays while a slot lags behind its last event, and is dropped afterwards", async (t) => {
    const plane = await withOldPartition(t);
    await makeSlot(plane);
    await emitOld(plane);
    assert.equal(await run(plane), 0);
    assert.match(
      (await old(plane))?.held_back_by ?? "",
      /^slot ecommerce_outbox_first_\w+ has confirmed .+, and must pass /,
    );
    await readOn(plane);
    assert.deepEqual(await old(plane), { closed: true, held_back_by: null });
    assert.equal(await run(plane), 1);
    assert.equal(await old(plane), undefined);
    const { rows } = await plane.admin.query(
      "SELECT FROM tenantry.closed_partition WHERE partition::oid NOT IN (SELECT oid FROM pg_class)",
    );
    assert.equal(rows.length, 0);
  });

  await t.test("waits for each of two slots", async (t) => {
    const plane = await withOldPartition(t);
    await makeSlot(plane);
    await makeSlot(plane, "second");
    await run(plane);
    await readOn(plane);
    assert.equal(await run(plane), 0);
    assert.match((await old(plane))?.held_back_by ?? "", /^slot ecommerce_outbox_second_\w+ has confirmed/);
    await plane.onEachNode("SELECT pg_drop_replication_slot($1)", [slotOf(plane, "second")]);
    assert.equal(await run(plane), 1);
  });

  await t.test("takes no events after it is closed, so that none comes after the recorded position", async (t) => {
    const plane = await withOldPartition(t);
    await emitOld(plane);
    await run(plane);
    await assert.rejects(emitOld(plane), /partition_is_closed/);
  });

  await t.test("stays open until the next run if a transaction writes to it", async (t) => {
    const plane = await withOldPartition(t);
    const writer = await plane.connect(plane.endpoint);
    await writer.query("BEGIN");
    await writer.query(
      `INSERT INTO tenantry.outbox (tenant_id, created_at, aggregate_type, aggregate_id, type, payload)
       VALUES (gen_random_uuid(), '2020-01-01 12:00Z', 'order', '1', 'OrderPlaced', '{}')`,
    );
    await run(plane);
    assert.equal((await old(plane))?.closed, false);
    assert.match(plane.said.join("\n"), /outbox_old is in use; the next run tries again/);
    await writer.query("COMMIT");
    await run(plane);
    assert.equal((await old(plane))?.closed, true);
  });

  await t.test("is dropped without a call when pg_partman creates the next partition", async (t) => {
    const plane = await withOldPartition(t);
    await makeSlot(plane);
    await run(plane);
    await readOn(plane);
    await plane.admin.query("UPDATE partman.part_config SET premake = 4 WHERE parent_table = 'tenantry.outbox'");
    await plane.admin.query("SELECT partman.run_maintenance()");
    assert.equal(await old(plane), undefined);
  });

  await t.test("never prevents pg_partman from creating the next partition", async (t) => {
    const plane = await withOldPartition(t);
    await plane.admin.query("ALTER TABLE tenantry.closed_partition RENAME TO gone");
    await plane.admin.query("UPDATE partman.part_config SET premake = 4 WHERE parent_table = 'tenantry.outbox'");
    await plane.admin.query("SELECT partman.run_maintenance()");
    assert.match(
      plane.said.join("\n"),
      /tenantry: the retention did not run: relation "tenantry.closed_partition" does not exist/,
    );
    const { rowCount } = await plane.admin.query(
      "SELECT FROM pg_inherits WHERE inhparent = 'tenantry.outbox'::regclass",
    );
    assert.ok((rowCount ?? 0) >= 7, String(rowCount));
  });
});

test("closes a partition within its retention a day after its end, and keeps it", { skip }, async (t) => {
  const plane = await withOldPartition(t);
  await plane.admin.query("UPDATE tenantry.guarded_partition_set SET retention = '100 years'");
  await makeSlot(plane);
  await run(plane);
  await readOn(plane);
  assert.equal(await run(plane), 0);
  assert.deepEqual(await old(plane), { closed: true, held_back_by: null });
});

test("stores the retention of a guarded set in the toolkit's table, not in pg_partman's", { skip }, async (t) => {
  const plane = await withOldPartition(t);
  const { id, state } = await partitionSet.create(plane.context, days);
  assert.deepEqual(state, { ...days, maintenance: "on" });
  const retention = async () =>
    (
      await plane.admin.query(`SELECT retention AS partman,
        (SELECT retention::text FROM tenantry.guarded_partition_set) AS guarded FROM partman.part_config`)
    ).rows[0];
  assert.deepEqual(await retention(), { partman: null, guarded: "3 days" });

  await t.test("reports and removes a retention that was set by hand in pg_partman", async () => {
    await plane.admin.query("UPDATE partman.part_config SET retention = '1 day'");
    const drifted = (await partitionSet.read(plane.context, id, state)) ?? assert.fail();
    assert.deepEqual(partitionSet.diff(drifted, days), [
      { path: "retention", how: "update" },
      { path: "dropAfter", how: "update" },
    ]);
    await partitionSet.update(plane.context, id, drifted, days);
    assert.deepEqual(await retention(), { partman: null, guarded: "3 days" });
  });

  await t.test("applies another retention", async () => {
    const next = { ...days, retention: lasting("1 week") };
    assert.deepEqual(await partitionSet.update(plane.context, id, state, next), { ...next, maintenance: "on" });
    assert.deepEqual(await retention(), { partman: null, guarded: "7 days" });
  });

  await t.test("stops guarding a deleted set", async () => {
    await partitionSet.delete(plane.context, id, state);
    const { rows } = await plane.admin.query("SELECT FROM tenantry.guarded_partition_set");
    assert.equal(rows.length, 0);
  });
});
