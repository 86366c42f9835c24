import assert from "node:assert/strict";
import test from "node:test";
import { describeChange, suspectOf } from "../../../../provider/connect/stream-diagnosis";
import type { Unsent } from "../../../../provider/connect/stream-position";
import type { StreamedEvent } from "../../../../provider/events/outbox-stream";

function unsent(change: StreamedEvent): Unsent<StreamedEvent> {
  const transaction = { xid: 1, committedUs: 1_763_890_000_123_456n, commitLsn: 9n, endLsn: 10n, changes: [change] };
  return { change, transaction, previousEnd: undefined };
}

function event(id: string, topic: string, bytes: number): Unsent<StreamedEvent> {
  const sizes = { aggregate_id: 3, payload: bytes - 100 };
  return unsent({
    lsn: 1n,
    id,
    tenant: "t",
    schema: "tenantry",
    aggregateType: "order",
    topic,
    bytes,
    sizes,
  });
}

const batch = [
  event("1", "shop.order.events", 200),
  event("2", "shop.order.events", 900),
  event("3", "shop.orders.events", 5_000),
];
const limits = new Map([
  ["shop.order.events", 500],
  ["shop.orders.events", 10_000],
]);
const suspectIn = (
  kind: Parameters<typeof suspectOf>[0]["kind"],
  cause: string,
  known: Parameters<typeof suspectOf>[2],
) => {
  const found = suspectOf({ kind, cause }, batch, known, {});
  return found && { id: found.unsent.change.id, before: found.before };
};

test("suspects the first event above its topic's limit, or the largest event if no limit is known", () => {
  assert.deepEqual(suspectIn("too large", "RecordTooLargeException", limits), { id: "2", before: 1 });
  assert.deepEqual(suspectIn("too large", "RecordTooLargeException", undefined), { id: "3", before: 2 });
});

test("suspects the first event of the topic in the error, and of no other topic with a similar name", () => {
  const cause = "TopicAuthorizationException: Not authorized to access topics: [shop.orders.events]";
  assert.deepEqual(suspectIn("topic", cause, undefined), { id: "3", before: 2 });
  const missing = new Map([["shop.order.events", 500]]);
  assert.deepEqual(suspectIn("topic", "UnknownTopicOrPartitionException", missing), { id: "3", before: 2 });
});

test("suspects no event if the failure has another cause", () => {
  assert.equal(suspectIn("elsewhere", "PSQLException: password", limits), undefined);
  assert.equal(suspectOf({ kind: "too large", cause: "" }, [], limits, {}), undefined);
});

test("describes an event by its id, tenant, topic and sizes", () => {
  assert.equal(
    describeChange(event("7", "shop.order.events", 5_000)),
    "event 7 of tenant t: order to topic shop.order.events, about 5,000 bytes, 4,900 of them `payload`, committed 2025-11-23T09:26:40.123Z",
  );
});
