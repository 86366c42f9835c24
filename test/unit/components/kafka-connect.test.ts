import assert from "node:assert/strict";
import test from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { KafkaConnect } from "../../../components/kafka-connect";
import { mockedResources } from "./mocks";

const registered = mockedResources();

const args = {
  namespace: "shop",
  kafka: { bootstrapServer: "kafka:9093", authoritySecret: "ca", user: "connect", passwordSecret: "login" },
  secrets: { "citus-login-cdc": "1" },
};

test("declares the workers, the permission to read their Secrets, a network policy, metrics, and the restart of failed tasks", async () => {
  const connect = new KafkaConnect("connect", args, {});
  await new Promise((resolve) => connect.ready.urn.apply(resolve));
  await pulumi.runtime.disconnect();
  assert.deepEqual(
    registered
      .filter(({ name }) => name.startsWith("connect-"))
      .map(({ type, name }) => `${type.split(":").at(-1)} ${name}`)
      .toSorted(),
    [
      "ConfigMap connect-metrics",
      "CronJob connect-restart",
      "KafkaConnect connect-workers",
      "NetworkPolicy connect-network",
      "Role connect-role",
      "RoleBinding connect-binding",
    ],
  );
  assert.equal(connect.url, "http://connect-connect-api.shop.svc:8083");
  const binding = registered.find(({ name }) => name === "connect-binding");
  assert.deepEqual(binding?.inputs.subjects, [{ kind: "ServiceAccount", name: "connect-connect", namespace: "shop" }]);
});

test("rejects invalid arguments before it declares any resource", () => {
  const count = registered.length;
  assert.throws(() => new KafkaConnect("none", { ...args, replicas: 0 }, {}), /Nobody runs the connectors/);
  assert.ok(!registered.slice(count).some(({ name }) => name.startsWith("none-")));
});
