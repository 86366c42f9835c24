import { strimziApi, waitForReady } from "../strimzi-resources";
import type { AccessRule } from "./kafka-access-rules";
import { clusterLabel, passwordSecret } from "./kafka-names";
import type { KafkaPlan } from "./kafka-plan";

/** A user with its access rules; Strimzi's user operator keeps both as they are declared here. */
export function kafkaUser(plan: KafkaPlan, user: string) {
  const { namespace, rotation, users } = plan;
  return {
    apiVersion: strimziApi,
    kind: "KafkaUser",
    metadata: { name: user, namespace, labels: clusterLabel(plan), annotations: waitForReady },
    spec: {
      authentication: {
        type: "scram-sha-512",
        password: {
          valueFrom: { secretKeyRef: { name: passwordSecret(plan, user, rotation), key: "password" } },
        },
      },
      authorization: { type: "simple", acls: (users[user] ?? []).map(accessControl) },
    },
  };
}

function accessControl({ to, name, prefix, operations }: AccessRule) {
  const named = to === "cluster" ? {} : { name, patternType: prefix ? "prefix" : "literal" };
  return { resource: { type: to, ...named }, operations: [...operations] };
}
