import assert from "node:assert/strict";
import test from "node:test";
import { type FoundTopics, topicProblems, wantedTopics } from "../../../../architecture/data-plane/topics";

const wanted = { names: ["shop.eu_order.events", "shop.bill.events"], recordBytes: 20_000 };
const good = { "max.message.bytes": "1048588", "segment.bytes": "1073741824", "cleanup.policy": "delete" };
const found = (names: readonly string[], settings: Record<string, Record<string, string>> = {}): FoundTopics => ({
  names,
  settings: new Map(Object.entries(settings)),
});

test("accepts a broker without the topics, or with topics that can hold the events", () => {
  assert.deepEqual(topicProblems(wanted, found([])), []);
  assert.deepEqual(topicProblems(wanted, found(["shop.bill.events"], { "shop.bill.events": good })), []);
  assert.deepEqual(topicProblems(wanted, found(["shop.eu_orders.events", "Shop.bill.events", "billing"])), []);
});

test("rejects a topic whose name collides with another topic's in Kafka", () => {
  const [problem, ...others] = topicProblems(wanted, found(["shop_eu.order.events"]));
  assert.deepEqual(others, []);
  assert.match(problem?.what ?? "", /refuse to make the topic shop.eu_order.events.* but for `\.` and `_`/);
  assert.equal(problem?.got, "shop_eu.order.events");
  assert.match(problem?.fix ?? "", /rename the aggregate or the application; or delete/);
});

test("accepts an existing topic even if its name collides with another topic's", () => {
  const both = ["shop.eu_order.events", "shop_eu.order.events"];
  assert.deepEqual(topicProblems(wanted, found(both, { "shop.eu_order.events": good })), []);
});

test("reports together topics that refuse large records and topics that are compacted", () => {
  const problems = topicProblems(
    wanted,
    found(wanted.names, {
      "shop.eu_order.events": { ...good, "max.message.bytes": "19999", "segment.bytes": "14" },
      "shop.bill.events": { ...good, "cleanup.policy": "compact,delete" },
    }),
  );
  assert.deepEqual(
    problems.map(({ got }) => got),
    ["max.message.bytes=19999", "segment.bytes=14", "cleanup.policy=compact,delete"],
  );
  assert.match(problems[0]?.fix ?? "", /--add-config max.message.bytes=1048588; or lower `events.maxPayload`/);
});

test("derives the topics from the aggregates, and their record size from the largest payload", () => {
  const application = {
    tenant: { table: "tenants", column: "tenant_id", type: "uuid" },
    events: { maxPayload: { bytes: 8192 }, aggregates: [{ topic: "shop.bill.events" }] },
  } as unknown as Parameters<typeof wantedTopics>[0];
  const { names, recordBytes } = wantedTopics(application);
  assert.deepEqual(names, ["shop.bill.events"]);
  assert.ok(recordBytes > 8192 + 4096 && recordBytes < 20_000);
});
