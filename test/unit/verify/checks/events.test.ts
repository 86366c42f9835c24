import assert from "node:assert/strict";
import test from "node:test";
import { compare } from "../../../../verify/checks/events";

const aggregate = {
  name: "order",
  topic: "shop.order.events",
  partitions: 1,
  retention: { count: 1, unit: "day" },
} as const;
const sent = {
  id: "1",
  tenant: "t",
  aggregate,
  key: "k",
  type: "OrderPlaced",
  payload: '{"total": 12.50}',
  createdAt: 1_795_424_845_837,
};
const record = {
  topic: "shop.order.events",
  partition: 0,
  offset: "7",
  key: "k",
  id: "1",
  tenant: "t",
  type: "OrderPlaced",
  createdAt: "1795424845837178",
  payload: '{"total": 12.50}',
};

test("accepts a record as written, with its time in either form", () => {
  assert.deepEqual(compare(sent, record), []);
  assert.deepEqual(compare(sent, { ...record, createdAt: "2026-11-23T09:07:25.837178Z" }), []);
});

test("reports each difference with both values", () => {
  assert.deepEqual(compare(sent, { ...record, payload: '{"total": 12.5}' }), [
    'the payload is "{\\"total\\": 12.5}", not "{\\"total\\": 12.50}"',
  ]);
  const other = { ...record, topic: "x", key: "", tenant: "", type: "", createdAt: "" };
  assert.deepEqual(
    compare(sent, other).map((difference) => difference.split(" is ")[0]),
    ["the topic", "the key", "the header tenant", "the header type", "the header created_at"],
  );
});
