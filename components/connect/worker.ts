import { formatQuantity } from "../../common/quantity";
import {
  containerSecurity,
  kafkaVersion,
  lenientProbes,
  podAntiAffinity,
  podSecurity,
  strimziApi,
  waitForReady,
} from "../strimzi-resources";
import { databaseAuthority, metricsMap, workerLabels, workerTopics } from "./connect-names";
import type { ConnectPlan } from "./connect-plan";

/** The workers. The provider creates connectors through Connect's REST interface, so Strimzi must not manage them. */
export function kafkaConnect(plan: ConnectPlan) {
  const { name, namespace, replicas, image, kafka, size } = plan;
  const { configs, offsets, status } = workerTopics(plan);
  const memory = formatQuantity(size.memory);
  return {
    apiVersion: strimziApi,
    kind: "KafkaConnect",
    metadata: { name, namespace, annotations: waitForReady },
    spec: {
      version: kafkaVersion,
      replicas,
      image,
      bootstrapServers: kafka.bootstrapServer,
      tls: { trustedCertificates: [{ secretName: kafka.authoritySecret, pattern: "*.crt" }] },
      authentication: {
        type: "scram-sha-512",
        username: kafka.user,
        passwordSecret: { secretName: kafka.passwordSecret, password: "password" },
      },
      groupId: name,
      configStorageTopic: configs,
      offsetStorageTopic: offsets,
      statusStorageTopic: status,
      config: workerConfig(plan),
      ...lenientProbes,
      logging: { type: "inline", loggers },
      resources: { requests: { cpu: size.cpu, memory }, limits: { memory } },
      ...metrics(plan),
      template: {
        pod: pod(plan),
        connectContainer: { securityContext: containerSecurity, volumeMounts: authorityMounts(plan) },
        podDisruptionBudget: { maxUnavailable: 1 },
      },
    },
  };
}

function workerConfig({ exactlyOnce }: ConnectPlan): Record<string, string | number> {
  const json = "org.apache.kafka.connect.json.JsonConverter";
  return {
    "exactly.once.source.support": exactlyOnce ? "enabled" : "disabled",
    "key.converter": json,
    "value.converter": json,
    // -1 means the brokers' default.
    "config.storage.replication.factor": -1,
    "offset.storage.replication.factor": -1,
    "status.storage.replication.factor": -1,
    // The default scans every class of every plugin, which takes seconds at each start.
    "plugin.discovery": "service_load",
    // Other workers take over the connectors of a lost worker at once; the default delay is five minutes.
    "scheduled.rebalance.max.delay.ms": 0,
    "config.providers": "secrets",
    "config.providers.secrets.class": "io.strimzi.kafka.KubernetesSecretConfigProvider",
  };
}

/** Two of Debezium's classes log a line for each batch although nothing is wrong. */
const loggers = {
  "rootLogger.level": "INFO",
  "logger.batches.name": "io.debezium.metrics.stats.MeasurementCollector",
  "logger.batches.level": "ERROR",
  "logger.flushes.name": "io.debezium.connector.postgresql.PostgresStreamingChangeEventSource",
  "logger.flushes.level": "WARN",
};

function metrics(plan: ConnectPlan) {
  if (!plan.metrics) return {};
  const configMapKeyRef = { name: metricsMap(plan), key: "rules.yaml" };
  return { metricsConfig: { type: "jmxPrometheusExporter", valueFrom: { configMapKeyRef } } };
}

function pod(plan: ConnectPlan) {
  const versions = Object.entries(plan.secrets).map(([name, version]) => `${name}=${version}`);
  return {
    metadata: { labels: { ...plan.labels }, annotations: { "tenantry.io/secrets": versions.toSorted().join() } },
    securityContext: podSecurity,
    ...podAntiAffinity(plan.spread, workerLabels(plan)),
    volumes:
      plan.databaseAuthority === undefined ? [] : [{ name: volume, configMap: { name: plan.databaseAuthority } }],
  };
}

const volume = "database-authority";

function authorityMounts({ databaseAuthority: configMap }: ConnectPlan) {
  return configMap === undefined ? [] : [{ name: volume, mountPath: databaseAuthority.folder, readOnly: true }];
}
