import assert from "node:assert/strict";
import test from "node:test";
import type { AgedPartition, AgedStep, AttachedPartition } from "../../../lifecycle/aged-partition";
import { planLifecycle } from "../../../lifecycle/lifecycle-plan";

const now = new Date("2026-06-01T00:00:00Z");
const period = (month: number, table = "orders") => ({
  schema: "shop",
  table,
  startsAt: new Date(Date.UTC(2026, month, 1)),
  endsAt: new Date(Date.UTC(2026, month + 1, 1)),
  partition: { schema: "shop", table: `${table}_p${month}` },
});
const attached = (month: number, table?: string): AttachedPartition => ({
  ...period(month, table),
  movesAt: new Date(Date.UTC(2026, month + 2, 1)),
  isLast: false,
});
const aged = (month: number, step: AgedStep, deletesAt = new Date("2030-01-01")): AgedPartition => ({
  ...period(month),
  step,
  batch: 1,
  rows: 1,
  databaseBytes: 1,
  deletesAt,
});
const planned = (...args: Parameters<typeof planLifecycle>) =>
  planLifecycle(...args).map(({ partition, steps }) => `${partition.partition.table}: ${steps.join(" ")}`);
const whole = "closed exported verified detached dropped";

test("moves the partitions that are past their age, the oldest first, and the set's last one never", () => {
  assert.deepEqual(planned([attached(2), attached(0), attached(5)], [], now), [
    `orders_p0: ${whole}`,
    `orders_p2: ${whole}`,
  ]);
  assert.deepEqual(planned([{ ...attached(0), isLast: true }], [], now), []);
});

test("goes on behind the last recorded step, attached or not", () => {
  assert.deepEqual(planned([attached(0)], [aged(0, "exported")], now), ["orders_p0: verified detached dropped"]);
  assert.deepEqual(planned([], [aged(0, "detached")], now), ["orders_p0: dropped"]);
  assert.deepEqual(planned([], [aged(0, "dropped")], now), []);
});

test("moves a partition that somebody made again for late rows", () => {
  assert.deepEqual(planned([attached(0)], [aged(0, "dropped")], now), [`orders_p0: ${whole}`]);
});

test("deletes files past their retention, and none of a set that is no longer exported", () => {
  assert.deepEqual(planned([], [aged(0, "dropped", now)], now), ["orders_p0: deleted"]);
  const { deletesAt: _, ...kept } = aged(0, "dropped");
  assert.deepEqual(planned([], [kept], now), []);
});

test("moves the rows that refer to others before these", () => {
  const sets = [attached(0), attached(0, "items")];
  const tables = ["shop.orders", "shop.items"];
  assert.deepEqual(planned(sets, [], now, tables), [`items_p0: ${whole}`, `orders_p0: ${whole}`]);
});
