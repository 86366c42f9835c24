import assert from "node:assert/strict";
import test from "node:test";
import { Problems } from "../../../../common/problem";
import { createStatement, parseSlotId, replicationSlot, slotId } from "../../../../provider/resources/replication-slot";

const node = { name: "worker_1", host: "10.0.0.2", port: 5432 };
const inputs = { node, slot: "shop_outbox_worker_1" };
const state = { ...inputs, status: "ready" } as const;

test("a slot as declared has no differences", () => {
  assert.deepEqual(replicationSlot.diff(state, inputs), []);
});

test("replaces the slot if its name or node changes, but not if the node moved", () => {
  assert.deepEqual(replicationSlot.diff(state, { ...inputs, slot: "other" }), [{ path: "slot", how: "replace" }]);
  assert.deepEqual(replicationSlot.diff(state, { ...inputs, node: { ...node, name: "worker_2" } }), [
    { path: "node.name", how: "replace" },
  ]);
  assert.deepEqual(replicationSlot.diff(state, { ...inputs, node: { ...node, host: "10.0.0.9", port: 5433 } }), [
    { path: "node.host", how: "update" },
    { path: "node.port", how: "update" },
  ]);
});

test("creates a slot again whose WAL was removed", () => {
  assert.deepEqual(replicationSlot.diff({ ...state, status: "lost" }, inputs), [{ path: "status", how: "update" }]);
  assert.deepEqual(replicationSlot.preview({ ...state, status: "lost" }, inputs), [
    "-- on worker_1, 10.0.0.2:5432:",
    "SELECT pg_drop_replication_slot('shop_outbox_worker_1')",
    "SELECT pg_create_logical_replication_slot('shop_outbox_worker_1', 'pgoutput')",
  ]);
});

test("shows the SQL and its node in the preview", () => {
  assert.deepEqual(replicationSlot.preview(undefined, inputs), [
    "-- on worker_1, 10.0.0.2:5432:",
    "SELECT pg_create_logical_replication_slot('shop_outbox_worker_1', 'pgoutput')",
  ]);
  assert.deepEqual(replicationSlot.preview(state, undefined), [
    "-- on worker_1, 10.0.0.2:5432:",
    "-- once it holds no event that was not sent, or with `lose-events shop_outbox_worker_1` in tenantry:allow",
    "SELECT pg_drop_replication_slot('shop_outbox_worker_1')",
  ]);
});

test("creates a failover slot from PostgreSQL 17 on", () => {
  assert.match(createStatement("s", 17_00_04).sql, /\(\$1, 'pgoutput', false, false, true\)/);
  assert.match(createStatement("s", 15_00_20).sql, /\(\$1, 'pgoutput'\)/);
});

test("rejects a name that PostgreSQL refuses for slots", () => {
  const parsed = replicationSlot.inputs.safeParse({ ...inputs, slot: "Shop-outbox" });
  assert.match(parsed.error?.message ?? "", /lower case letters/);
});

test("puts the address into the id, also for IPv6", () => {
  assert.deepEqual(parseSlotId(slotId(inputs)), inputs);
  const v6 = { ...inputs, node: { ...node, host: "::1" } };
  assert.deepEqual(parseSlotId(slotId(v6)), v6);
});

test("rejects an invalid id with the expected form", () => {
  assert.throws(
    () => parseSlotId("shop_outbox_worker_1"),
    (error) => error instanceof Problems && /expected: NODE@HOST:PORT\/SLOT/.test(error.message),
  );
});
