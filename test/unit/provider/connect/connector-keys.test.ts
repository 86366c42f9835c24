import assert from "node:assert/strict";
import test from "node:test";
import { renderProblem } from "../../../../common/problem";
import { configurationProblems } from "../../../../provider/connect/connector-keys";

const known = ["connector.class", "database.password", "max.batch.size", "transforms.outbox.route.by.field"];

function told(config: Readonly<Record<string, string>>, errors: { key: string; message: string }[] = []): string {
  return configurationProblems("c", config, { errors, known }).map(renderProblem).join("\n");
}

test("accepts keys that the plugin or Connect define", () => {
  assert.equal(told(Object.fromEntries(known.map((key) => [key, "x"]))), "");
});

test("accepts keys that are defined by pattern", () => {
  const keys = [
    "topic.creation.order-events.partitions",
    "topic.creation.order-events.retention.ms",
    "producer.override.linger.ms",
    "key.converter.schemas.enable",
    "driver.loginTimeout",
  ];
  assert.equal(told(Object.fromEntries(keys.map((key) => [key, "x"]))), "");
});

test("suggests the right key for a misspelt one", () => {
  const text = told({ "max.bach.size": "1" });
  assert.match(text, /no key `max\.bach\.size`/);
  assert.match(text, /fix: +write `max\.batch\.size`/);
});

test("advises removing a key that resembles no other", () => {
  assert.match(told({ "completely.different": "1" }), /fix: +remove it/);
});

test("reports all refused and unknown keys at once", () => {
  const text = told({ "max.batch.size": "-1", "max.bach.size": "1" }, [
    { key: "max.batch.size", message: "must be positive" },
  ]);
  assert.match(text, /`max\.batch\.size` is refused\n {2}got: +-1\n {2}expected: must be positive/);
  assert.match(text, /no key `max\.bach\.size`/);
});

test("does not show a refused secret", () => {
  const text = told({ "database.password": "${file:/x:y}" }, [{ key: "database.password", message: "no such file" }]);
  assert.match(text, /`database\.password` is refused\n {2}expected: no such file/);
});
