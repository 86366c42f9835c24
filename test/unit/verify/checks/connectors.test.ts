import assert from "node:assert/strict";
import test from "node:test";
import type { Endpoints } from "../../../../architecture/endpoints";
import { exposed } from "../../../../verify/checks/connectors";

const endpoints: Endpoints = {
  postgres: {
    host: "h",
    port: 1,
    user: "admin",
    password: "s3cret",
    database: "d",
    sslmode: "disable",
    nodes: [],
    roles: { cdc: { user: "c", password: "pa55" } },
  },
  kafka: { bootstrapServers: [] },
  connect: { url: "http://h", databasePassword: "${file:/f:cdc}" },
};

test("a reference to a secret is fine", () => {
  assert.deepEqual(exposed({ "database.password": "${file:/f:cdc}", "tasks.max": "1" }, endpoints), []);
});

test("a password in clear is named by its key, also inside another value, and never shown", () => {
  const config = { "database.password": "anything", "producer.jaas": "user=c password=pa55", other: "s3cret" };
  assert.deepEqual(exposed(config, endpoints), ["database.password", "producer.jaas", "other"]);
});

test("a connector without a configuration shows nothing", () => {
  assert.deepEqual(exposed(undefined, endpoints), []);
});
