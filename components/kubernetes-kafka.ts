import type { Application } from "../architecture/application";
import { cdcRole } from "../architecture/application-names";
import { isExactlyOnce } from "../architecture/data-plane/data-plane-settings";
import { refuseIfAny } from "../common/problem";
import { consumerTopics } from "../settings/kafka-settings";
import type { KubernetesSettings } from "../settings/kubernetes-settings";
import type { Settings } from "../settings/settings";
import { adminUser, authorityMap, clientLabel, loginSecret } from "./citus/citus-names";
import { workerAccess } from "./connect/connect-access-rules";
import type { ConnectOptions } from "./connect/connect-plan";
import { administratorAccess, consumerAccess } from "./kafka/kafka-access-rules";
import { authoritySecret, bootstrapServer, kafkaClientLabel, kafkaLoginSecret } from "./kafka/kafka-names";
import type { KafkaOptions } from "./kafka/kafka-plan";
import { componentNames } from "./kubernetes-endpoints";

/** The options of a stack's Kafka cluster. Its users are the toolkit's own and the consumers that the stack names. */
export function kafkaOptions(
  application: Application,
  { consistency, kafka: { consumers } }: Settings,
  { namespace, kafka, storageClass, spread, protect, rotation, access }: KubernetesSettings,
): KafkaOptions {
  const { topics, problems } = consumerTopics(application, consumers);
  refuseIfAny(problems);
  const readers = [...topics].map(([user, names]) => [user, consumerAccess(user, names)] as const);
  const users = {
    ...Object.fromEntries(readers),
    [adminUser]: administratorAccess(application.name),
    [componentNames.connect]: workerAccess(componentNames.connect, application.name),
  };
  return {
    namespace,
    operator: kafka.operator,
    consistency,
    brokers: kafka.brokers,
    replication: kafka.replication,
    minInSync: kafka.minInSync,
    controllers: kafka.controllers,
    broker: kafka.broker,
    controller: kafka.controller,
    storageClass,
    spread,
    rack: kafka.rack,
    users,
    access,
    protect,
    rotation,
  };
}

/** The options of a stack's Connect workers. They may read the Secret with the login for Citus' change stream. */
export function connectOptions(
  application: Application,
  settings: Settings,
  { namespace, spread, rotation, connect: { replicas, image, ...size } }: KubernetesSettings,
): ConnectOptions {
  const [kafka, citus] = [{ name: componentNames.kafka, namespace }, { name: componentNames.citus }];
  return {
    namespace,
    kafka: {
      bootstrapServer: bootstrapServer(kafka),
      authoritySecret: authoritySecret(kafka),
      user: componentNames.connect,
      passwordSecret: kafkaLoginSecret(kafka, componentNames.connect),
    },
    exactlyOnce: isExactlyOnce(settings),
    replicas: replicas ?? (settings.consistency === "eventual" ? 1 : 2),
    size,
    image,
    spread,
    databaseAuthority: authorityMap(citus),
    secrets: { [loginSecret(citus, cdcRole(application.name))]: String(rotation) },
    labels: { ...clientLabel(citus), ...kafkaClientLabel(kafka) },
  };
}
