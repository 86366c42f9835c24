import assert from "node:assert/strict";
import test from "node:test";
import { unknownYet } from "../../../../architecture/endpoints";
import { renderProblem } from "../../../../common/problem";
import { connector } from "../../../../provider/resources/connector";

const inputs = {
  connector: "shop-outbox-coordinator",
  config: {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "database.password": "${file:/run/secrets/connect.properties:cdc}",
    "max.batch.size": "8192",
  },
};
const state = { ...inputs, state: "RUNNING" } as const;

function withKeys(changes: Readonly<Record<string, string>>) {
  return { ...inputs, config: { ...inputs.config, ...changes } };
}

function refusal(next: typeof inputs | ReturnType<typeof withKeys>): string {
  return (connector.check?.(undefined, next, new Set()) ?? []).map(renderProblem).join("\n");
}

test("accepts a configuration with references to secrets, and an unknown one", () => {
  assert.equal(refusal(inputs), "");
  assert.equal(refusal(withKeys({ "database.password": unknownYet })), "");
});

test("rejects a literal secret under every usual key without showing it", () => {
  for (const key of [
    "database.password",
    "database.sslpassword",
    "ssl.keystore.key",
    "producer.override.sasl.jaas.config",
  ]) {
    const text = refusal(withKeys({ [key]: "hunter2" }));
    assert.match(text, new RegExp(`\`${key.replaceAll(".", "\\.")}\` holds a secret`));
    assert.match(text, /expected: a reference/);
    assert.doesNotMatch(text, /hunter2/);
  }
});

test("accepts keys that only resemble secrets", () => {
  assert.equal(
    refusal(
      withKeys({ "key.converter": "x", "message.key.columns": "x", "transforms.outbox.table.field.event.key": "x" }),
    ),
    "",
  );
});

test("rejects a configuration without a plugin, and one with another connector's name", () => {
  assert.match(refusal({ ...inputs, config: {} as typeof inputs.config }), /names no plugin/);
  assert.match(refusal(withKeys({ name: "other" })), /another name.*got: +other.*expected: shop-outbox-coordinator/s);
});

test("a connector as declared has no differences", () => {
  assert.deepEqual(connector.diff(state, inputs), []);
});

test("lists each changed, added or removed key as a difference", () => {
  const { "max.batch.size": _, ...rest } = inputs.config;
  const next = { ...inputs, config: { ...rest, "poll.interval.ms": "10" } };
  assert.deepEqual(connector.diff(state, next), [
    { path: 'config["max.batch.size"]', how: "update" },
    { path: 'config["poll.interval.ms"]', how: "update" },
  ]);
});

test("replaces the connector if its name or plugin changes", () => {
  assert.deepEqual(connector.diff(state, { ...inputs, connector: "other" }), [{ path: "connector", how: "replace" }]);
  assert.deepEqual(connector.diff(state, withKeys({ "connector.class": "Other" })), [
    { path: 'config["connector.class"]', how: "replace" },
  ]);
});

test("switches between Debezium's class and tenantry's in place, because slot and offsets are the same", () => {
  const ours = withKeys({ "connector.class": "tenantry.connect.OutboxConnector" });
  const update = [{ path: 'config["connector.class"]', how: "update" }];
  assert.deepEqual(connector.diff(state, ours), update);
  assert.deepEqual(connector.diff({ ...ours, state: "RUNNING" }, inputs), update);
});

test("reports a connector that does not run as drift", () => {
  for (const drifted of ["PAUSED", "STOPPED", "FAILED", "DETACHED"] as const) {
    assert.deepEqual(connector.diff({ ...state, state: drifted }, inputs), [{ path: "state", how: "update" }]);
  }
});

test("shows the calls and their changes in the preview", () => {
  const path = "/connectors/shop-outbox-coordinator";
  assert.deepEqual(connector.preview(undefined, inputs), [`PUT ${path}/config`]);
  assert.deepEqual(connector.preview(state, withKeys({ "max.batch.size": "1" })), [
    `PUT ${path}/config`,
    "  max.batch.size: 8192 -> 1",
  ]);
  assert.deepEqual(connector.preview({ ...state, state: "STOPPED" }, inputs), [`PUT ${path}/resume`]);
  assert.deepEqual(connector.preview({ ...state, state: "FAILED" }, inputs), [
    `POST ${path}/restart?includeTasks=true`,
  ]);
  assert.deepEqual(connector.preview(state, undefined), [
    `PUT ${path}/stop -- once every event is sent`,
    `DELETE ${path}/offsets`,
    `DELETE ${path}`,
  ]);
});
