import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { Problems } from "../../../../common/problem";
import { versions } from "../../../../common/system/versions";
import { workerAccess } from "../../../../components/connect/connect-access-rules";
import { restUrl } from "../../../../components/connect/connect-names";
import { networkPolicy } from "../../../../components/connect/connect-network";
import { type ConnectOptions, planConnect } from "../../../../components/connect/connect-plan";
import { secretRules } from "../../../../components/connect/connect-rights";
import { restartJob } from "../../../../components/connect/restart";
import { kafkaConnect } from "../../../../components/connect/worker";
import { kafkaVersion, strimziVersion } from "../../../../components/strimzi-resources";
import { outboxConnectorSource } from "../../../../local/servers/java-artifacts";

function plan(options: Partial<ConnectOptions> = {}) {
  return planConnect("connect", {
    namespace: "shop",
    kafka: {
      bootstrapServer: "kafka:9093",
      authoritySecret: "kafka-ca",
      user: "connect",
      passwordSecret: "kafka-login-connect",
    },
    ...options,
  });
}

function refusal(options: Partial<ConnectOptions>): string {
  try {
    plan(options);
  } catch (error) {
    assert.ok(error instanceof Problems);
    return error.message;
  }
  return assert.fail("no error was thrown");
}

test("sources deliver exactly once unless `exactlyOnce` is false", () => {
  const support = (options: Partial<ConnectOptions>) =>
    kafkaConnect(plan(options)).spec.config["exactly.once.source.support"];
  assert.equal(support({}), "enabled");
  assert.equal(support({ exactlyOnce: false }), "disabled");
});

test("Strimzi does not manage connectors, because it would delete those of the provider", () => {
  const annotations = Object.keys(kafkaConnect(plan()).metadata.annotations);
  assert.deepEqual(
    annotations.filter((name) => name.startsWith("strimzi.io/")),
    [],
  );
});

test("the workers log in with a password that only its Secret contains", () => {
  assert.deepEqual(kafkaConnect(plan()).spec.authentication, {
    type: "scram-sha-512",
    username: "connect",
    passwordSecret: { secretName: "kafka-login-connect", password: "password" },
  });
});

test("the workers can read only the Secrets that connectors refer to", () => {
  assert.deepEqual(secretRules(plan({ secrets: { b: "1", a: "1" } })), [
    { apiGroups: [""], resources: ["secrets"], resourceNames: ["a", "b"], verbs: ["get"] },
  ]);
  assert.deepEqual(secretRules(plan()), []);
});

test("a changed Secret restarts the workers", () => {
  const { spec } = kafkaConnect(plan({ secrets: { "citus-login-cdc": "2" } }));
  assert.deepEqual(spec.template.pod.metadata.annotations, { "tenantry.io/secrets": "citus-login-cdc=2" });
});

test("mounts the database's certificate authority at the path in the connectors", () => {
  const { template } = kafkaConnect(plan({ databaseAuthority: "citus-ca" })).spec;
  assert.deepEqual(template.pod.volumes, [{ name: "database-authority", configMap: { name: "citus-ca" } }]);
  assert.equal(template.connectContainer.volumeMounts[0]?.mountPath, "/mnt/citus-ca");
});

test("only the workers and pods with the client label can reach the REST interface", () => {
  const [rest] = networkPolicy(plan()).ingress;
  assert.deepEqual(rest, {
    from: [
      { podSelector: { matchLabels: { "strimzi.io/cluster": "connect", "strimzi.io/kind": "KafkaConnect" } } },
      { namespaceSelector: {}, podSelector: { matchLabels: { "tenantry.io/connect-client": "connect" } } },
    ],
    ports: [{ protocol: "TCP", port: 8083 }],
  });
  assert.equal(networkPolicy(plan({ metrics: false })).ingress.length, 1);
  assert.equal(restUrl(plan()), "http://connect-connect-api.shop.svc:8083");
});

test("a CronJob restarts failed tasks each minute, from a pod with the client label", () => {
  const { spec } = restartJob(plan());
  assert.equal(spec.schedule, "* * * * *");
  assert.equal(spec.jobTemplate.spec.template.metadata.labels["tenantry.io/connect-client"], "connect");
});

test("the workers may write one application's events and use their own topics and transactions", () => {
  const rules = workerAccess("connect", "shop");
  const named = (to: string) => rules.filter((rule) => rule.to === to).map(({ name }) => name);
  assert.deepEqual(named("topic"), [
    "connect-configs",
    "connect-offsets",
    "connect-status",
    "shop.",
    "__debezium-heartbeat.shop",
  ]);
  assert.deepEqual(named("transactionalId"), ["connect-cluster-connect", "connect-"]);
  assert.ok(rules.filter(({ name }) => name === "shop.").every(({ operations }) => !operations.includes("Read")));
});

test("rejects zero replicas and too little memory in one error", () => {
  const message = refusal({ replicas: 0, size: { cpu: "1", memory: { bytes: 2 ** 29 } } });
  assert.match(message, /Nobody runs the connectors[\s\S]*replicas: 0/);
  assert.match(message, /so little memory[\s\S]*512 MiB[\s\S]*at least 768 MiB/);
});

test("the image has the versions of the operator, of Kafka, and of the local servers' Debezium", () => {
  const file = readFileSync(join(__dirname, "../../../../images/connect/Dockerfile"), "utf8");
  assert.ok(file.includes(`ARG KAFKA=quay.io/strimzi/kafka:${strimziVersion}-kafka-${kafkaVersion}\n`));
  assert.ok(file.includes(`ARG DEBEZIUM=${versions.debezium}\n`));
  assert.ok(file.includes(`-Dkafka.version=${kafkaVersion} `));
  assert.ok(
    readFileSync(join(outboxConnectorSource, "pom.xml"), "utf8").includes(
      `<artifactId>outbox-connector</artifactId>\n  <version>${versions.outboxConnector}</version>\n`,
    ),
  );
  const parts = [kafkaVersion, strimziVersion, versions.debezium.replace(".Final", ""), versions.outboxConnector];
  assert.equal(plan().image, `ghcr.io/tenantry/connect:${parts.join("-")}`);
});
