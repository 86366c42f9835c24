import assert from "node:assert/strict";
import test from "node:test";
import { connectorSnapshot } from "../../../../lint/rules/connector-snapshot";
import { fixes, found } from "../shop-with";

const bad = `connector.class: io.debezium.connector.postgresql.PostgresConnector
snapshot.mode: initial`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(connectorSnapshot, bad, { in: "yaml" }), [
    "2 Connector `connectors/shop.yaml` has `snapshot.mode` initial: it reads the table and sends old events again",
  ]);
  assert.match((await fixes(connectorSnapshot, bad, { in: "yaml" })).join(), /^Write .snapshot.mode./);
});

test("applies to tenantry's connector as to Debezium's", async () => {
  const ours = bad.replace("io.debezium.connector.postgresql.PostgresConnector", "tenantry.connect.OutboxConnector");
  assert.equal((await found(connectorSnapshot, ours, { in: "yaml" })).length, 1);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      connectorSnapshot,
      `connector.class: io.debezium.connector.postgresql.PostgresConnector
snapshot.mode: no_data`,
      { in: "yaml" },
    ),
    [],
  );
});

test("treats a missing mode as the default `initial`, and ignores other kinds of connectors", async () => {
  const [type = ""] = bad.split("\n");
  assert.deepEqual(await found(connectorSnapshot, type, { in: "yaml" }), [
    "1 Connector `connectors/shop.yaml` has no `snapshot.mode`, so `initial`: it reads the table and sends old events again",
  ]);
  assert.deepEqual(
    await found(connectorSnapshot, bad.replace("postgresql.Postgres", "mysql.MySql"), { in: "yaml" }),
    [],
  );
});

test("reads connectors in the JSON of Kafka Connect's REST interface, and Strimzi's resources", async () => {
  const json = `{
  "name": "orders",
  "config": {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "snapshot.mode": "always"
  }
}`;
  const wrong = "Connector `orders` has `snapshot.mode` always: it reads the table and sends old events again";
  assert.deepEqual(await found(connectorSnapshot, json, { in: "yaml" }), [`5 ${wrong}`]);
  const strimzi = `kind: ConfigMap
---
kind: KafkaConnector
metadata: { name: orders }
spec:
  class: io.debezium.connector.postgresql.PostgresConnector
  config:
    snapshot.mode: always`;
  assert.deepEqual(await found(connectorSnapshot, strimzi, { in: "yaml" }), [`8 ${wrong}`]);
});
