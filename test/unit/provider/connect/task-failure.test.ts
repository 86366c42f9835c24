import assert from "node:assert/strict";
import test from "node:test";
import type { ConnectorStatus } from "../../../../provider/connect/connect-state";
import { failureOf, rootCause } from "../../../../provider/connect/task-failure";

const failed = (trace: string): ConnectorStatus => ({
  connector: "RUNNING",
  tasks: [{ id: 0, state: "FAILED", trace }],
});
const kindOf = (cause: string) =>
  failureOf(
    failed(`org.apache.kafka.connect.errors.ConnectException: Unrecoverable\n\tat x.Y(Y.java:1)\nCaused by: ${cause}`),
  )?.kind;

test("names the innermost cause, not what Connect was doing", () => {
  const trace = `org.apache.kafka.common.KafkaException: Cannot execute transactional method because we are in an error state
	at org.apache.kafka.clients.producer.KafkaProducer.send(KafkaProducer.java:1)
Caused by: org.apache.kafka.connect.errors.ConnectException: Failed to flush offsets and/or records for task shop-0
	... 12 more
Caused by: org.apache.kafka.common.errors.RecordTooLargeException: The request included a message larger than the max message size the server will accept.`;
  const cause =
    "RecordTooLargeException: The request included a message larger than the max message size the server will accept.";
  assert.equal(rootCause(trace), cause);
  const failure = failureOf(failed(trace));
  assert.equal(failure?.kind, "too large");
  assert.match(failure?.fix ?? "", /max\.message\.bytes/);
});

test("separates failures caused by a record from others", () => {
  const errors = "org.apache.kafka.common.errors";
  assert.equal(kindOf(`${errors}.TopicAuthorizationException: Not authorized to access topics: [a.b.events]`), "topic");
  assert.equal(kindOf(`${errors}.TimeoutException: Topic a.b.events not present in metadata after 60000 ms.`), "topic");
  assert.equal(
    kindOf(`${errors}.UnknownTopicOrPartitionException: This server does not host this topic-partition.`),
    "topic",
  );
  assert.equal(kindOf(`${errors}.InvalidTopicException: Topic 'zz_x' collides with existing topics: zz.x`), "topic");
  assert.equal(kindOf("java.lang.OutOfMemoryError: Java heap space"), "memory");
  assert.equal(kindOf("org.apache.kafka.connect.errors.DataException: Struct schemas do not match"), "record");
  assert.equal(
    kindOf('org.postgresql.util.PSQLException: FATAL: password authentication failed for user "x"'),
    "elsewhere",
  );
  assert.equal(kindOf(`${errors}.TimeoutException: Expiring 1 record(s) for a-0: 120000 ms has passed`), "elsewhere");
});

test("finds no failure in a running connector, and says if Connect gives no reason", () => {
  assert.equal(failureOf({ connector: "RUNNING", tasks: [{ id: 0, state: "RUNNING" }] }), undefined);
  assert.equal(failureOf({ connector: "FAILED", tasks: [] })?.cause, "Connect gives no reason");
  assert.equal(rootCause(`java.lang.Error: ${"x".repeat(1_000)}`).length, 301);
});
