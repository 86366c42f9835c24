import assert from "node:assert/strict";
import test from "node:test";
import { kafka } from "../../../../components/kafka/cluster";
import { administratorAccess, consumerAccess } from "../../../../components/kafka/kafka-access-rules";
import { bootstrapServer, kafkaLoginSecret, poolsOf } from "../../../../components/kafka/kafka-names";
import { type KafkaOptions, planKafka } from "../../../../components/kafka/kafka-plan";
import { nodePool } from "../../../../components/kafka/node-pools";
import { kafkaUser } from "../../../../components/kafka/users";

function plan(options: Partial<KafkaOptions> = {}) {
  return planKafka("kafka", { namespace: "shop", ...options });
}

const pools = (options: Partial<KafkaOptions> = {}) =>
  poolsOf(plan(options)).map((pool) => nodePool(plan(options), pool));

test("every client needs TLS, a login and the label", () => {
  assert.deepEqual(kafka(plan()).spec.kafka.listeners, [
    {
      name: "tls",
      port: 9093,
      type: "internal",
      tls: true,
      authentication: { type: "scram-sha-512" },
      networkPolicyPeers: [
        { namespaceSelector: {}, podSelector: { matchLabels: { "tenantry.io/kafka-client": "kafka" } } },
      ],
    },
  ]);
  assert.deepEqual(kafka(plan()).spec.kafka.authorization, { type: "simple" });
  assert.equal(bootstrapServer(plan()), "kafka-kafka-bootstrap.shop.svc:9093");
});

test("brokers don't create topics by themselves, and a replica that lags never becomes the leader", () => {
  const { config } = kafka(plan()).spec.kafka;
  assert.equal(config["auto.create.topics.enable"], false);
  assert.equal(config["unclean.leader.election.enable"], false);
});

test("acknowledged records are on two of three brokers, including transactions and offsets", () => {
  const { config } = kafka(plan()).spec.kafka;
  for (const key of ["default", "offsets.topic", "transaction.state.log", "share.coordinator.state.topic"])
    assert.equal(config[`${key}.replication.factor`], 3, key);
  for (const key of ["min.insync.replicas", "transaction.state.log.min.isr", "share.coordinator.state.topic.min.isr"])
    assert.equal(config[key], 2, key);
});

test("Pulumi waits until Strimzi reports the cluster as ready", () => {
  assert.equal(kafka(plan()).metadata.annotations["pulumi.com/waitFor"], "condition=Ready");
});

test("brokers and controllers have separate pools or share one", () => {
  const [brokers, controllers] = pools({ controllers: 5, brokers: 4 });
  assert.deepEqual([brokers?.spec.replicas, brokers?.spec.roles], [4, ["broker"]]);
  assert.deepEqual([controllers?.spec.replicas, controllers?.spec.roles], [5, ["controller"]]);
  const combined = pools({ controllers: 0 });
  assert.equal(combined.length, 1);
  assert.deepEqual(combined[0]?.spec.roles, ["controller", "broker"]);
});

test("brokers' ids start at 0 for any number of controllers", () => {
  assert.equal(pools()[0]?.metadata.annotations["strimzi.io/next-node-ids"], "[0-99]");
  assert.equal(pools()[1]?.metadata.annotations["strimzi.io/next-node-ids"], "[100-199]");
});

test("keeps protected volumes, and uses the named storage class", () => {
  const volume = (options: Partial<KafkaOptions>) => pools(options)[0]?.spec.storage.volumes[0];
  assert.equal(volume({})?.deleteClaim, false);
  assert.equal(volume({ protect: false })?.deleteClaim, true);
  assert.equal(volume({ storageClass: "fast" })?.class, "fast");
  assert.equal(volume({})?.size, "100Gi");
});

test("puts brokers on different machines: always, or if possible", () => {
  assert.ok(JSON.stringify(pools()).includes("requiredDuringScheduling"));
  assert.ok(JSON.stringify(pools({ spread: "preferred" })).includes("preferredDuringScheduling"));
});

test("a pod runs as an ordinary user, without permissions, on a read-only file system", () => {
  const template = pools()[0]?.spec.template;
  for (const container of [template?.kafkaContainer, template?.initContainer])
    assert.deepEqual(container?.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  assert.equal(template?.pod.securityContext.runAsNonRoot, true);
});

test("refers to a user's password by a name that changes with the rotation, so that Strimzi sees the change", () => {
  const password = (rotation: number) =>
    kafkaUser(plan({ rotation, users: { billing: [] } }), "billing").spec.authentication.password.valueFrom
      .secretKeyRef;
  assert.deepEqual(password(1), { name: "kafka-password-billing-1", key: "password" });
  assert.deepEqual(password(2), { name: "kafka-password-billing-2", key: "password" });
  assert.equal(kafkaLoginSecret(plan(), "billing"), "kafka-login-billing");
});

test("a consumer can only read its topics, in groups of its own name", () => {
  const users = { billing: consumerAccess("billing", ["shop.order.events"]) };
  assert.deepEqual(kafkaUser(plan({ users }), "billing").spec.authorization.acls, [
    {
      resource: { type: "topic", name: "shop.order.events", patternType: "literal" },
      operations: ["Read", "Describe"],
    },
    { resource: { type: "group", name: "billing", patternType: "prefix" }, operations: ["Read", "Describe"] },
  ]);
});

test("the administrator manages one application's topics and is not a superuser", () => {
  const rules = administratorAccess("shop");
  assert.deepEqual(
    rules.filter(({ to }) => to === "topic").map(({ name, prefix }) => [name, prefix]),
    [["shop.", true]],
  );
  assert.ok(!JSON.stringify(rules).includes('"All"'));
  assert.equal(JSON.stringify(kafka(plan())).includes("superUsers"), false);
});
