import assert from "node:assert/strict";
import test from "node:test";
import {
  largestPayloadBytes,
  largestRecordBytes,
  producerLimitBytes,
  topicLimitBytes,
} from "../../../../architecture/data-plane/record-limits";

test("the largest record that an outbox lets through fits the producer and the topic, with room to spare", () => {
  for (const type of ["uuid", "bigint", "integer", "text"] as const) {
    const bytes = largestRecordBytes(largestPayloadBytes, type);
    assert.ok(bytes < 0.96 * producerLimitBytes, `${bytes} bytes`);
    assert.ok(bytes < topicLimitBytes);
  }
});

test("a record's size is the sum of its key, headers and payload at their limits, and Kafka's overhead", () => {
  assert.equal(largestRecordBytes(8192, "uuid") - largestRecordBytes(1, "uuid"), 8191);
  assert.equal(largestRecordBytes(1, "text") - largestRecordBytes(1, "uuid"), 1024 - 36);
  assert.ok(largestRecordBytes(1, "uuid") > 4096 + 1024 + 36 + 36);
});
