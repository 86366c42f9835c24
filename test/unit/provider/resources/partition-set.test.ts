import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { z } from "zod";
import { type FoundPartitionSet, planPartitionSet } from "../../../../provider/partitions/partition-plan";
import { limitsOf } from "../../../../provider/partitions/partman";
import { fromWire, toWire } from "../../../../provider/protocol/input-schemas";
import { type PartitionSetState, partitionSet } from "../../../../provider/resources/partition-set";
import { matchesGolden } from "../../golden";
import { lasting } from "../../lasting";

const orders = {
  schema: "ecommerce",
  table: "orders",
  by: "placed_at",
  every: lasting("1 month"),
  ahead: 4,
  retention: lasting("7 years"),
  dropAfter: "retention",
} as const;
const outbox = {
  schema: "tenantry",
  table: "outbox",
  by: "created_at",
  every: lasting("1 day"),
  ahead: 4,
  retention: lasting("3 days"),
  dropAfter: "slots",
} as const;

const partman4 = { version: "4.7.2", schema: "partman" };
const partman5 = { version: "5.2.4", schema: "partman" };

const found: FoundPartitionSet = {
  by: "placed_at",
  every: lasting("1 month"),
  ahead: 4,
  retention: lasting("7 years"),
  guardedRetention: undefined,
  maintained: true,
  template: undefined,
};
const state: PartitionSetState = { ...orders, maintenance: "on" };
const none = new Set<string>();
const golden = (name: string) => join(__dirname, "../../../golden/provider", name);

const sqlOf = (statements: readonly { sql: string }[]) => statements.map(({ sql }) => `${sql};\n`).join("\n");
const problems = (next: object, old?: PartitionSetState) =>
  (partitionSet.check?.(old, { ...orders, ...next }, none) ?? []).map(({ what }) => what);

for (const [name, partman] of [
  ["4", partman4],
  ["5", partman5],
] as const) {
  test(`plans the SQL for pg_partman ${name} as in the golden file`, () => {
    const weekly = { ...orders, every: lasting("1 week") };
    const sets = [orders, weekly, outbox].map((inputs) => sqlOf(planPartitionSet(inputs, undefined, partman)));
    matchesGolden(golden(`partition-set-partman-${name}.sql`), sets.join("\n"));
  });
}

test("changes nothing in a set as declared", () => {
  assert.deepEqual(planPartitionSet(orders, found, partman5), []);
  assert.deepEqual(partitionSet.preview(state, orders), []);
  assert.deepEqual(partitionSet.diff(state, { ...orders, retention: lasting("84 months") }), []);
});

test("creates partitions for a larger `ahead` immediately, and applies a smaller one only from now on", () => {
  assert.match(sqlOf(planPartitionSet({ ...orders, ahead: 6 }, found, partman5)), /premake = 6.*run_maintenance/s);
  assert.doesNotMatch(sqlOf(planPartitionSet({ ...orders, ahead: 2 }, found, partman5)), /run_maintenance/);
});

test("announces a shorter retention in the preview, but not a longer one", () => {
  const lines = (retention: string) =>
    partitionSet.preview(state, { ...orders, retention: lasting(retention) }).join("\n");
  assert.match(lines("1 year"), /-- partitions older than 1 year are dropped in the next round of maintenance:/);
  assert.doesNotMatch(lines("8 years"), /dropped/);
});

test("keeps retention by slots out of pg_partman", () => {
  const bySlots = sqlOf(planPartitionSet({ ...orders, dropAfter: "slots" }, found, partman5));
  assert.match(bySlots, /retention = NULL/);
  assert.match(bySlots, /INSERT INTO tenantry.guarded_partition_set/);
});

test("leaves an exported set's old partitions to the lifecycle run, and takes them back", () => {
  const exported = { ...orders, dropAfter: "export", exportAfter: lasting("3 months") } as const;
  const ages = { exportAfter: exported.exportAfter, retention: exported.retention };
  const sql = sqlOf(planPartitionSet(exported, found, partman5));
  assert.match(sql, /retention = NULL/);
  assert.match(sql, /INSERT INTO tenantry.exported_partition_set .*'3 months', '7 years'/s);
  const foundExported = { ...found, retention: undefined, exported: ages };
  assert.deepEqual(planPartitionSet(exported, foundExported, partman5), []);
  assert.match(
    sqlOf(planPartitionSet(orders, foundExported, partman5)),
    /retention = '7 years'.*DELETE FROM tenantry.exported/s,
  );
  assert.deepEqual(
    partitionSet.diff({ ...exported, maintenance: "on" }, { ...exported, exportAfter: lasting("4 months") }),
    [{ path: "exportAfter", how: "update" }],
  );
});

test("rejects `exportAfter` without `dropAfter: export`, and the other way round", () => {
  for (const wrong of [{ exportAfter: "1 month" }, { dropAfter: "export" }]) {
    assert.equal(partitionSet.inputs.safeParse({ ...toWire("PartitionSet", orders), ...wrong }).success, false);
  }
});

test("never drops partitions without a retention", () => {
  const { retention: _, ...forEver } = outbox;
  const sql = sqlOf(planPartitionSet(forEver, undefined, partman5));
  assert.match(sql, /retention = NULL/);
  assert.doesNotMatch(sql, /guarded/);
});

test("shows in the preview of a deleted set that the partitions stay", () => {
  assert.match(partitionSet.preview(state, undefined)[0] ?? "", /partitions stay with their rows/);
});

test("deletes a set without the toolkit's retention, and does not query the toolkit", async () => {
  const run = async (isThere: boolean) => {
    const seen: string[] = [];
    const query = async (sql: string | { readonly text: string }) => {
      const text = typeof sql === "string" ? sql : sql.text;
      seen.push(text);
      if (text.includes("AS there")) return { rows: [{ there: isThere }] };
      return {
        rows: isThere && text.includes("guarded_partition_set WHERE") ? [{ retention: lasting("3 days") }] : [],
      };
    };
    const database = {
      facts: Promise.resolve({ partman: { version: "5", schema: "partman" } }),
      transaction: (work: (client: unknown) => Promise<unknown>) => work({ query }),
    };
    await partitionSet.delete({ database, log: () => {} } as never, "shop.orders", state);
    return seen.filter((sql) => sql.startsWith("DELETE")).map((sql) => sql.split(" WHERE")[0]);
  };
  assert.deepEqual(await run(false), ['DELETE FROM "partman".part_config']);
  assert.deepEqual(await run(true), [
    "DELETE FROM tenantry.guarded_partition_set",
    'DELETE FROM "partman".part_config',
  ]);
});

test("rejects another partition column or length with both values", () => {
  const [byColumn] = partitionSet.check?.(state, { ...orders, by: "shipped_at" }, none) ?? [];
  assert.match(byColumn?.what ?? "", /cannot be partitioned by another column/);
  const [byLength] = partitionSet.check?.(state, { ...orders, every: lasting("1 day") }, none) ?? [];
  assert.equal(byLength?.got, "every: 1 day");
  assert.equal(byLength?.expected, "every: 1 month, as it is now");
  assert.deepEqual(problems({ every: lasting("1 day"), table: "others" }, state), []);
});

test("rejects names that pg_partman can't store", () => {
  assert.match(problems({ table: "order.items" })[0] ?? "", /full stop or an apostrophe/);
  assert.match(problems({ table: "o'clock" })[0] ?? "", /full stop or an apostrophe/);
});

test("rejects partitions shorter than an hour", () => {
  assert.match(problems({ every: lasting("30 minutes") })[0] ?? "", /too short/);
  assert.deepEqual(problems({ every: lasting("1 hour") }), []);
});

test("rejects partitions beyond the year 9999", () => {
  assert.match(problems({ every: lasting("10 years"), ahead: 200 })[0] ?? "", /reach too far ahead/);
  assert.deepEqual(problems({ every: lasting("10 years"), ahead: 100 }), []);
});

test("repairs faults of a set and routines restored by pg_partman in one plan", () => {
  assert.match(
    sqlOf(planPartitionSet(orders, { ...found, faults: ["no partition takes rows"] }, partman5)),
    /run_maintenance/,
  );
  const foreign = sqlOf(planPartitionSet(orders, { ...found, isForeign: true }, partman5));
  assert.match(foreign, /take_over_partman\(\).*run_maintenance/s);
  assert.deepEqual(partitionSet.diff({ ...state, faults: ["no partition takes rows"] }, orders), [
    { path: "faults", how: "update" },
  ]);
});

test("rejects quarters with pg_partman 4, because version 5 can't continue their names", () => {
  assert.match(limitsOf({ ...orders, every: lasting("3 months") }, partman4)[0]?.what ?? "", /need pg_partman 5/);
  assert.deepEqual(limitsOf({ ...orders, every: lasting("3 months") }, partman5), []);
});

test("parses durations and numbers", () => {
  const wire = toWire("PartitionSet", orders);
  assert.deepEqual(partitionSet.inputs.parse(wire), orders);
  assert.ok(!partitionSet.inputs.safeParse({ ...wire, every: "monthly" }).success);
  assert.ok(!partitionSet.inputs.safeParse({ ...wire, ahead: 0 }).success);
});

test("reads a retention that is no duration as it is printed, and shows it as a difference", () => {
  const drifted: PartitionSetState = { ...state, retention: { printed: "1 mon 3 days" } };
  const wire = toWire("PartitionSet", drifted);
  assert.equal(wire.retention, "1 mon 3 days");
  assert.deepEqual(fromWire("PartitionSet", wire), drifted);
  const { retention: _, ...rest } = toWire("PartitionSet", orders);
  assert.deepEqual(z.encode(partitionSet.inputs, drifted as never), { ...rest, retention: "1 mon 3 days" });
  assert.deepEqual(partitionSet.diff(drifted, orders), [{ path: "retention", how: "update" }]);
});
