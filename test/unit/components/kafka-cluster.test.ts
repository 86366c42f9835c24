import assert from "node:assert/strict";
import test from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { consumerAccess } from "../../../components/kafka/kafka-access-rules";
import { KafkaCluster } from "../../../components/kafka-cluster";
import { mockedResources, resolved } from "./mocks";

const registered = mockedResources();

const args = { namespace: "shop", users: { billing: consumerAccess("billing", ["shop.order.events"]), connect: [] } };

async function partsOf(cluster: KafkaCluster, name: string): Promise<string[]> {
  for (const resource of cluster.ready) await resolved(resource.urn);
  await resolved(cluster.logins);
  return registered
    .filter((part) => part.name.startsWith(`${name}-`))
    .map(({ type, name }) => `${type.split(":").at(-1)} ${name}`);
}

test("declares the operator, the node pools, the users and their passwords", async () => {
  assert.deepEqual((await partsOf(new KafkaCluster("kafka", args, {}), "kafka")).toSorted(), [
    "Chart kafka-operator",
    "ConfigMap kafka-metrics",
    "Kafka kafka-cluster",
    "KafkaNodePool kafka-brokers",
    "KafkaNodePool kafka-controllers",
    "KafkaUser kafka-user-billing",
    "KafkaUser kafka-user-connect",
    "Secret kafka-authority",
    "Secret kafka-password-billing-1",
    "Secret kafka-password-connect-1",
  ]);
});

test("leaves an existing operator alone, and can leave out metrics", async () => {
  const parts = await partsOf(
    new KafkaCluster("other", { ...args, operator: "existing", metrics: false }, {}),
    "other",
  );
  assert.ok(!parts.some((part) => /^(Chart|ConfigMap)/.test(part)));
});

test("pins the chart to the version of the resources", async () => {
  await partsOf(new KafkaCluster("pinned", args, {}), "pinned");
  const chart = registered.find(({ name }) => name === "pinned-operator");
  assert.equal(chart?.inputs.chart, "oci://quay.io/strimzi-helm/strimzi-kafka-operator");
  assert.equal(chart?.inputs.version, "1.2.0");
});

test("generates long, different passwords, which are secret and only in their Secrets", async () => {
  const cluster = new KafkaCluster("third", args, {});
  await partsOf(cluster, "third");
  const logins = await resolved(cluster.logins);
  assert.deepEqual(Object.keys(logins), ["billing", "connect"]);
  assert.ok(Object.values(logins).every(({ password }) => password.length >= 32));
  assert.notEqual(logins.billing?.password, logins.connect?.password);
  assert.equal(await pulumi.isSecret(cluster.logins), true);
  const others = JSON.stringify(registered.filter(({ type }) => type !== "kubernetes:core/v1:Secret"));
  for (const { password } of Object.values(logins)) assert.ok(!others.includes(password));
});

test("rejects invalid arguments before it declares any resource", () => {
  const count = registered.length;
  assert.throws(() => new KafkaCluster("none", { ...args, controllers: 2 }, {}), /An even number of controllers/);
  assert.ok(!registered.slice(count).some(({ name }) => name.startsWith("none-")));
});
