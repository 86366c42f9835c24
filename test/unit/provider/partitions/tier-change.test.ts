import assert from "node:assert/strict";
import test from "node:test";
import type { PartitionSetInputs } from "../../../../architecture/data-plane/declaration";
import { partitionSet } from "../../../../provider/resources/partition-set";
import { lasting } from "../../lasting";

const orders: PartitionSetInputs = {
  schema: "ecommerce",
  table: "orders",
  by: "placed_at",
  every: lasting("1 month"),
  ahead: 4,
  dropAfter: "export",
  exportAfter: lasting("1 year"),
  retention: lasting("7 years"),
};
const old = { ...orders, maintenance: "on" } as const;
const { exportAfter: _, ...withoutStore } = { ...orders, dropAfter: "retention" } as const;

const refused = (next: PartitionSetInputs, ...allow: string[]) => partitionSet.check?.(old, next, new Set(allow)) ?? [];

test("refuses a shorter cold tier, and names both ages and the opt-in", () => {
  const [problem, ...others] = refused({ ...orders, retention: lasting("3 years") });
  assert.deepEqual(others, []);
  assert.match(problem?.what ?? "", /Rows of ecommerce\.orders that are older than 3 years would be deleted/);
  assert.equal(problem?.expected, "at least 7 years");
  assert.match(problem?.fix ?? "", /add `expire ecommerce\.orders` to tenantry:allow/);
});

test("accepts a longer cold tier, and the same age in other words", () => {
  assert.deepEqual(refused({ ...orders, retention: lasting("8 years") }), []);
  assert.deepEqual(refused({ ...orders, retention: lasting("84 months") }), []);
  assert.deepEqual(refused({ ...orders, retention: lasting("85 months") }), []);
});

test("accepts another age at which rows move, because they stay readable", () => {
  assert.deepEqual(refused({ ...orders, exportAfter: lasting("3 months") }), []);
});

test("refuses to leave the files of a table without a run: without the store, the tiers or any retention", () => {
  const { retention: __, ...forEver } = withoutStore;
  for (const next of [withoutStore, forEver]) {
    const [problem, ...others] = refused(next);
    assert.deepEqual(others, []);
    assert.match(problem?.what ?? "", /would have no cold tier any more/);
    assert.match(problem?.fix ?? "", /put back `tenantry:store` and `tiers`; or add `expire ecommerce\.orders`/);
  }
});

test("accepts both with the opt-in of this table, and not with another's", () => {
  for (const next of [withoutStore, { ...orders, retention: lasting("3 years") }]) {
    assert.deepEqual(refused(next, "expire ecommerce.orders"), []);
    assert.equal(refused(next, "expire ecommerce.order_items").length, 1);
    assert.equal(refused(next, "drop ecommerce.orders").length, 1);
  }
});

test("a table that moves no rows yet may get tiers, and lose its retention, as before", () => {
  const before = { ...withoutStore, maintenance: "on" } as const;
  for (const next of [orders, { ...withoutStore, retention: lasting("1 year") }]) {
    assert.deepEqual(partitionSet.check?.(before, next, new Set()), []);
  }
});

test("announces a shorter cold tier in the preview", () => {
  const lines = partitionSet.preview(old, { ...orders, retention: lasting("3 years") });
  assert.match(
    lines.join("\n"),
    /-- rows in the store older than 3 years are removed by the next `tenantry lifecycle run`:/,
  );
});
