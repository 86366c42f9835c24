import assert from "node:assert/strict";
import test from "node:test";
import { atLeastOnce } from "../../../../lint/rules/at-least-once";
import { fixes, found } from "../shop-with";

const bad = `consistency: strong
resources:
  - type: tenantry:index:Connector
    name: shop-outbox-worker-1
    inputs:
      connector: shop-outbox-worker-1
      config: { connector.class: io.debezium.connector.postgresql.PostgresConnector }`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(atLeastOnce, bad, { in: "yaml" }), [
    "tenantry:index:Connector shop-outbox-worker-1 Connector `shop-outbox-worker-1` sends at least once, and the stack's consistency is `strong`",
  ]);
  assert.match((await fixes(atLeastOnce, bad, { in: "yaml" })).join(), /^Write .exactly.once.support./);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      atLeastOnce,
      `consistency: strong
resources:
  - type: tenantry:index:Connector
    name: shop-outbox-worker-1
    inputs:
      connector: shop-outbox-worker-1
      config:
        connector.class: io.debezium.connector.postgresql.PostgresConnector
        exactly.once.support: required`,
      { in: "yaml" },
    ),
    [],
  );
});

test("accepts at-least-once delivery with less than strong consistency", async () => {
  assert.deepEqual(await found(atLeastOnce, bad.replace("strong", "bounded"), { in: "yaml" }), []);
});
