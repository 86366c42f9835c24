import assert from "node:assert/strict";
import test from "node:test";
import { cleanTrace } from "../../../../provider/connect/connector-health";

test("shortens a stack trace to Connect's action and the last cause", () => {
  const trace = `org.apache.kafka.connect.errors.ConnectException: An exception occurred in the change event producer. This connector will be stopped.
	at io.debezium.pipeline.ErrorHandler.setProducerThrowable(ErrorHandler.java:67)
	... 5 more
Caused by: io.debezium.DebeziumException: Creation of replication slot failed
	at io.debezium.connector.postgresql.PostgresConnectorTask.start(PostgresConnectorTask.java:1)
Caused by: org.postgresql.util.PSQLException: FATAL: role "x" does not exist
	... 14 more`;
  assert.equal(
    cleanTrace(trace),
    'An exception occurred in the change event producer. This connector will be stopped.; because: FATAL: role "x" does not exist',
  );
});

test("shows the message of a single exception, and cuts a long one", () => {
  assert.equal(cleanTrace("java.lang.IllegalStateException: broken\n\tat x.Y.z(Y.java:1)"), "broken");
  assert.equal(cleanTrace(`java.lang.Error: ${"x".repeat(1_000)}`), `${"x".repeat(300)}…`);
});

test("names an exception without a message", () => {
  assert.equal(cleanTrace("java.lang.NullPointerException\n\tat x.Y.z(Y.java:1)"), "NullPointerException");
});
