import assert from "node:assert/strict";
import test from "node:test";
import { tlsOff } from "../../../../lint/rules/tls-off";
import { fixes, found } from "../shop-with";

const bad = `connector.class: io.debezium.connector.postgresql.PostgresConnector
database.hostname: db.example.com
database.sslmode: require`;
const bad1 = `config:
  tenantry:application: shop
  tenantry:endpoints:
    postgres: { host: db.example.com, database: shop, user: admin, sslmode: disable }
    connect: { url: "http://connect.example.com:8083" }`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(tlsOff, bad, { in: "yaml" }), [
    "3 Connector `connectors/shop.yaml` reads the database with `database.sslmode` require",
  ]);
  assert.match((await fixes(tlsOff, bad, { in: "yaml" })).join(), /^Use .verify.full../);
  assert.deepEqual(await found(tlsOff, bad1, { in: "yaml" }), [
    "4 The database on db.example.com is reached with sslmode disable",
    "5 Kafka Connect is reached by http on connect.example.com, which sends connectors' configurations unencrypted",
  ]);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      tlsOff,
      `connector.class: io.debezium.connector.postgresql.PostgresConnector
database.hostname: db.example.com
database.sslmode: verify-full`,
      { in: "yaml" },
    ),
    [],
  );
  assert.deepEqual(
    await found(
      tlsOff,
      `config:
  tenantry:application: shop
  tenantry:endpoints:
    postgres: { host: db.example.com, database: shop, user: admin, sslmode: verify-full }
    connect: { url: "https://connect.example.com" }`,
      { in: "yaml" },
    ),
    [],
  );
});

test("accepts this machine, addresses inside a cluster, and values that are filled in later", async () => {
  const local = bad1.replaceAll("db.example.com", "127.0.0.1").replace("connect.example.com", "connect.kafka.svc");
  assert.deepEqual(await found(tlsOff, local, { in: "yaml" }), []);
  assert.deepEqual(await found(tlsOff, bad.replace("require", "<sslmode>"), { in: "yaml" }), []);
});

test("reports a connector without sslmode, and one with plain Kafka", async () => {
  const [type = "", host = ""] = bad.split("\n");
  const text = `${type}\n${host}\nproducer.override.security.protocol: SASL_PLAINTEXT`;
  assert.deepEqual(await found(tlsOff, text, { in: "yaml" }), [
    "3 `producer.override.security.protocol` of connector `connectors/shop.yaml` is not encrypted",
    "1 Connector `connectors/shop.yaml` reads the database with `database.sslmode` prefer",
  ]);
});

test("reports a Kafka listener without TLS", async () => {
  const text = `resources:
  - type: kubernetes:kafka.strimzi.io/v1:Kafka
    name: kafka
    inputs: { spec: { kafka: { listeners: [{ name: plain, tls: false }, { name: tls, tls: true }] } } }`;
  assert.deepEqual(await found(tlsOff, text, { in: "yaml" }), [
    "kubernetes:kafka.strimzi.io/v1:Kafka kafka Listener `plain` of Kafka `kafka` is not encrypted",
  ]);
});
