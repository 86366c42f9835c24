import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import { partitionSet } from "../../provider/resources/partition-set";
import { lasting } from "../unit/lasting";
import type { DataPlaneDatabase } from "./data-plane-database";
import { faults, kept, look, more, visits, withDatabase, withOutbox } from "./partition-database";
import { skip } from "./servers";

const emit = ({ admin }: DataPlaneDatabase, offset: string) =>
  admin.query(
    `INSERT INTO tenantry.outbox (tenant_id, created_at, aggregate_type, aggregate_id, type, payload)
     VALUES ($1, now() + $2::interval, 'order', '1', 'OrderPlaced', '{}')`,
    [randomUUID(), offset],
  );

const daysAgo = (n: number) => new Date(Date.now() - n * 86_400_000).toISOString().slice(0, 10);

test("a server clock that jumps", { skip }, async (t) => {
  const closeToday = (plane: DataPlaneDatabase) =>
    plane.admin.query(`SELECT tenantry.close_partition(partition) FROM tenantry.partition_periods('tenantry.outbox')
      WHERE period @> now()`);
  /** Simulates a clock that jumped ten days forward since the last maintenance. */
  const leap = (plane: DataPlaneDatabase, doubted: string | null = null) =>
    plane.admin.query(
      `UPDATE tenantry.partition_clock SET seen_at = now() - interval '10 days' + coalesce(interval '10 days' - $1::interval, '0'),
         believed_at = now() - interval '10 days', doubted_since = now() - $1::interval`,
      [doubted],
    );
  const trusted = async ({ admin }: DataPlaneDatabase) =>
    (await admin.query("SELECT tenantry.trusted_now() > now() - interval '1 minute' AS trusted")).rows[0]?.trusted;

  for (const [how, open] of [
    [
      "the next round of maintenance",
      (plane: DataPlaneDatabase) => plane.admin.query("SELECT partman.run_maintenance()"),
    ],
    ["the retention", (plane: DataPlaneDatabase) => plane.admin.query("SELECT tenantry.drop_passed_partitions()")],
    [
      "`up --refresh`",
      async ({ context }: DataPlaneDatabase) => {
        const found =
          (await partitionSet.read(context, "tenantry.outbox", { ...kept, maintenance: "on" })) ?? assert.fail();
        assert.match(found.faults?.[0] ?? "", /^tenantry\.outbox_p\w+ is closed, and its time has not passed$/);
        assert.deepEqual(partitionSet.diff(found, kept), [{ path: "faults", how: "update" }]);
        assert.deepEqual(await partitionSet.update(context, "tenantry.outbox", found, kept), {
          ...kept,
          maintenance: "on",
        });
      },
    ],
  ] as const) {
    await t.test(`reopens today's partition, which a wrong clock had closed: ${how}`, async (t) => {
      const plane = await withOutbox(t);
      await closeToday(plane);
      await assert.rejects(emit(plane, "0"), /partition_is_closed/);
      const [verdict] = await look(plane, kept);
      assert.match(verdict?.seen ?? "", /is closed, and its time has not passed/);
      await open(plane);
      await emit(plane, "0");
      const { rowCount } = await plane.admin.query(
        "SELECT FROM tenantry.closed_partition AS c JOIN tenantry.partition_periods('tenantry.outbox') AS p USING (partition) WHERE period @> now()",
      );
      assert.equal(rowCount, 0, "a position that rows lie behind is forgotten");
    });
  }

  await t.test(
    "closes and drops nothing until the new time has lasted for a day, but creates partitions",
    async (t) => {
      const plane = await withOutbox(t);
      await leap(plane);
      await plane.admin.query(
        `CREATE TABLE tenantry.outbox_old PARTITION OF tenantry.outbox FOR VALUES FROM ('${daysAgo(9)}') TO ('${daysAgo(8)}')`,
      );
      await plane.admin.query("CREATE TABLE ecommerce.visits (at timestamptz NOT NULL) PARTITION BY RANGE (at)");
      await partitionSet.create(plane.context, { ...visits, retention: lasting("20 days") });
      await plane.admin.query(
        `CREATE TABLE ecommerce.visits_old PARTITION OF ecommerce.visits
       FOR VALUES FROM ('${daysAgo(29)}') TO ('${daysAgo(25)}')`,
      );
      await plane.admin.query(more(3, "tenantry.outbox"));
      await plane.admin.query("SELECT partman.run_maintenance()");
      assert.deepEqual(await faults(plane, "tenantry.outbox"), []);
      const standing = async () =>
        (
          await plane.admin.query(
            `SELECT to_regclass('ecommerce.visits_old') IS NOT NULL AS visits, EXISTS (SELECT FROM tenantry.closed_partition
             WHERE partition = 'tenantry.outbox_old'::regclass) AS closed`,
          )
        ).rows[0];
      assert.deepEqual(await standing(), { visits: true, closed: false });
      const said = (await look(plane, kept)).find(({ subject }) => subject === "clock");
      assert.equal(said?.outcome, "warn");
      assert.match(said?.seen ?? "", /maintenance stood still, or the server's clock leapt/);

      await leap(plane, "1 day 1 minute");
      await plane.admin.query("UPDATE tenantry.partition_clock SET seen_at = now() - interval '1 minute'");
      await plane.admin.query("SELECT partman.run_maintenance()");
      assert.deepEqual(await standing(), { visits: false, closed: true });
    },
  );

  await t.test("is trusted after it returns, and not after it jumps again", async (t) => {
    const plane = await withDatabase(t);
    assert.equal(await trusted(plane), true);
    await leap(plane);
    assert.equal(await trusted(plane), false);
    assert.equal(await trusted(plane), false, "looking twice proves nothing");
    await plane.admin.query(
      "UPDATE tenantry.partition_clock SET seen_at = now() + interval '10 days', believed_at = now(), doubted_since = now() + interval '10 days'",
    );
    assert.equal(await trusted(plane), true, "it came back");
    await plane.admin.query(
      "UPDATE tenantry.partition_clock SET seen_at = now() - interval '5 days', believed_at = now() - interval '20 days', doubted_since = now() - interval '6 days'",
    );
    assert.equal(await trusted(plane), false, "it leapt twice");
  });
});
