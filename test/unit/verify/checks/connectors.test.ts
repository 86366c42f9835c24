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

test("accepts a reference to a secret", () => {
  assert.deepEqual(exposed({ "database.password": "${file:/f:cdc}", "tasks.max": "1" }, endpoints), []);
});

test("reports a plain password by its key, also inside another value, without showing it", () => {
  const config = { "database.password": "anything", "producer.jaas": "user=c password=pa55", other: "s3cret" };
  assert.deepEqual(exposed(config, endpoints), ["database.password", "producer.jaas", "other"]);
});

test("reports nothing for a connector without a configuration", () => {
  assert.deepEqual(exposed(undefined, endpoints), []);
});
