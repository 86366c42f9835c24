import {
  containerSecurity,
  kafkaVersion,
  lenientProbes,
  podSecurity,
  strimziApi,
  waitForReady,
} from "../strimzi-resources";
import { externalListeners } from "./external-listener";
import { kafkaClientLabel, listenerPort, loginPrefix, metricsMap } from "./kafka-names";
import type { KafkaPlan } from "./kafka-plan";

/** The Kafka resource: listeners, access and the settings of all brokers. The node pools set the brokers' number and size. */
export function kafka(plan: KafkaPlan) {
  const { name, namespace, rack } = plan;
  return {
    apiVersion: strimziApi,
    kind: "Kafka",
    metadata: { name, namespace, annotations: waitForReady },
    spec: {
      kafka: {
        version: kafkaVersion,
        listeners: [
          {
            name: "tls",
            port: listenerPort,
            type: "internal",
            tls: true,
            authentication: { type: "scram-sha-512" },
            networkPolicyPeers: [{ namespaceSelector: {}, podSelector: { matchLabels: kafkaClientLabel(plan) } }],
          },
          ...externalListeners(plan.access, plan.brokers),
        ],
        authorization: { type: "simple" },
        rack: { type: "topology-label", topologyKey: rack },
        config: brokerConfig(plan),
        ...lenientProbes,
        ...metrics(plan),
        template: { podDisruptionBudget: { maxUnavailable: 1 } },
      },
      // Pulumi or Connect creates the topics, so the entity operator manages only users.
      entityOperator: {
        userOperator: {
          secretPrefix: loginPrefix(plan),
          resources: { requests: { cpu: "50m", memory: "384Mi" }, limits: { memory: "384Mi" } },
        },
        template: {
          pod: { securityContext: podSecurity },
          userOperatorContainer: { securityContext: containerSecurity },
        },
      },
    },
  };
}

function brokerConfig({ replication, minInSync }: KafkaPlan): Record<string, string | number | boolean> {
  return {
    // Topics are declared, so a misspelt name gives an error instead of a new topic.
    "auto.create.topics.enable": false,
    "default.replication.factor": replication,
    "min.insync.replicas": minInSync,
    "offsets.topic.replication.factor": replication,
    "transaction.state.log.replication.factor": replication,
    "transaction.state.log.min.isr": minInSync,
    // The next transaction of a connector waits in such steps until the markers of the one before are written.
    "add.partitions.to.txn.retry.backoff.ms": 5,
    "share.coordinator.state.topic.replication.factor": replication,
    "share.coordinator.state.topic.min.isr": minInSync,
    // A replica that lags would lose acknowledged records.
    "unclean.leader.election.enable": false,
    // Consumers read from a replica in their own zone.
    "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
  };
}

function metrics(plan: KafkaPlan) {
  if (!plan.metrics) return {};
  const configMapKeyRef = { name: metricsMap(plan), key: "rules.yaml" };
  return { metricsConfig: { type: "jmxPrometheusExporter", valueFrom: { configMapKeyRef } } };
}
