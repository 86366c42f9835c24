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
  return assert.fail("nothing was refused");
}

test("sources deliver exactly once unless the workers say otherwise", () => {
  const support = (options: Partial<ConnectOptions>) =>
    kafkaConnect(plan(options)).spec.config["exactly.once.source.support"];
  assert.equal(support({}), "enabled");
  assert.equal(support({ exactlyOnce: false }), "disabled");
});

test("Strimzi is not told to keep the connectors: it would delete those that the provider puts there", () => {
  const annotations = Object.keys(kafkaConnect(plan()).metadata.annotations);
  assert.deepEqual(
    annotations.filter((name) => name.startsWith("strimzi.io/")),
    [],
  );
});

test("the workers log in by a password that only its Secret holds", () => {
  assert.deepEqual(kafkaConnect(plan()).spec.authentication, {
    type: "scram-sha-512",
    username: "connect",
    passwordSecret: { secretName: "kafka-login-connect", password: "password" },
  });
});

test("the workers may read the Secrets that connectors refer to, and no other", () => {
  assert.deepEqual(secretRules(plan({ secrets: { b: "1", a: "1" } })), [
    { apiGroups: [""], resources: ["secrets"], resourceNames: ["a", "b"], verbs: ["get"] },
  ]);
  assert.deepEqual(secretRules(plan()), []);
});

test("a Secret that changes restarts the workers", () => {
  const { spec } = kafkaConnect(plan({ secrets: { "citus-login-cdc": "2" } }));
  assert.deepEqual(spec.template.pod.metadata.annotations, { "tenantry.io/secrets": "citus-login-cdc=2" });
});

test("the database's authority lies where connectors look for it", () => {
  const { template } = kafkaConnect(plan({ databaseAuthority: "citus-ca" })).spec;
  assert.deepEqual(template.pod.volumes, [{ name: "database-authority", configMap: { name: "citus-ca" } }]);
  assert.equal(template.connectContainer.volumeMounts[0]?.mountPath, "/mnt/citus-ca");
});

test("the REST interface is closed to all but the workers and pods with the clients' label", () => {
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

test("what failed is restarted each minute, by a pod that the REST interface lets in", () => {
  const { spec } = restartJob(plan());
  assert.equal(spec.schedule, "* * * * *");
  assert.equal(spec.jobTemplate.spec.template.metadata.labels["tenantry.io/connect-client"], "connect");
});

test("the workers may write events of one application, and keep their own topics and transactions", () => {
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

test("nobody to run connectors, and memory that does not last, are refused together", () => {
  const message = refusal({ replicas: 0, size: { cpu: "1", memory: { bytes: 2 ** 29 } } });
  assert.match(message, /Nobody runs the connectors[\s\S]*replicas: 0/);
  assert.match(message, /so little memory[\s\S]*512 MiB[\s\S]*at least 768 MiB/);
});

test("the image's versions are those of the operator, of Kafka, and of the Debezium that local runs", () => {
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
