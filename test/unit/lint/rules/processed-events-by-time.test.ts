import assert from "node:assert/strict";
import test from "node:test";
import { processedEventsByTime } from "../../../../lint/rules/processed-events-by-time";
import { fixes, found } from "../shop-with";

const bad = `CREATE TABLE processed_events (event_id uuid, at timestamptz, PRIMARY KEY (event_id, at)) PARTITION BY RANGE (at);`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(processedEventsByTime, bad), [
    "1 `processed_events` is partitioned by time: its key cannot reject a redelivered event",
  ]);
  assert.match((await fixes(processedEventsByTime, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(processedEventsByTime, `CREATE TABLE processed_events (event_id uuid PRIMARY KEY, at timestamptz);`),
    [],
  );
});
