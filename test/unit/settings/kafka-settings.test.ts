import assert from "node:assert/strict";
import test from "node:test";
import { renderProblem } from "../../../common/problem";
import { consumerTopics, kafkaSchema, kafkaSettings } from "../../../settings/kafka-settings";

const order = {
  name: "order",
  topic: "shop.order.events",
  partitions: 6,
  retention: { count: 1, unit: "day" },
} as const;
const payment = { ...order, name: "payment", topic: "shop.payment.events" };
const shop = {
  events: { retention: { count: 3, unit: "day" }, maxPayload: { bytes: 8192 }, aggregates: [order, payment] },
} as const;

const settingsOf = (given: object | undefined, platform: "external" | "kubernetes") => {
  const { settings, problems } = kafkaSettings(given && kafkaSchema.parse(given), { platform });
  return { settings, problems: problems.map(renderProblem).join("\n") };
};

test("by default the stack creates topics on Kubernetes, and Connect creates them on existing servers", () => {
  assert.deepEqual(settingsOf(undefined, "kubernetes").settings, { manageTopics: true, replication: 3, consumers: {} });
  assert.equal(settingsOf(undefined, "external").settings.manageTopics, false);
  assert.equal(settingsOf({ manageTopics: "true", replication: "2" }, "external").settings.replication, 2);
});

test("rejects `replication` on Kubernetes, and `consumers` without `manageTopics`", () => {
  assert.match(settingsOf({ replication: 2 }, "kubernetes").problems, /follow from the brokers[\s\S]*kafka.brokers/);
  assert.match(settingsOf({ consumers: { billing: "all" } }, "external").problems, /only where the stack makes these/);
  assert.equal(settingsOf({ consumers: { billing: "all" }, manageTopics: true }, "external").problems, "");
});

test("a consumer reads all topics, or those of the aggregates that it names", () => {
  const { topics, problems } = consumerTopics(shop, { audit: "all", billing: ["payment"] });
  assert.deepEqual(
    [...topics],
    [
      ["audit", ["shop.order.events", "shop.payment.events"]],
      ["billing", ["shop.payment.events"]],
    ],
  );
  assert.deepEqual(problems, []);
});

test("reports an undeclared aggregate and a reserved user name together", () => {
  const message = consumerTopics(shop, { billing: ["paymnt"], connect: "all" })
    .problems.map(renderProblem)
    .join("\n");
  assert.match(message, /`billing` reads an aggregate that `architecture.yaml` does not declare[\s\S]*Write `payment`/);
  assert.match(message, /`connect` has the name of a user of the toolkit's own/);
});
