import { formatQuantity } from "../../common/quantity";
import { backgroundDeletion, containerSecurity, podAntiAffinity, podSecurity, strimziApi } from "../strimzi-resources";
import { clusterLabel, type Pool, poolName, poolsOf } from "./kafka-names";
import type { KafkaPlan } from "./kafka-plan";

/** A pool of Kafka nodes. Its volumes grow when the size is raised, without a restart if the storage class supports it. */
export function nodePool(plan: KafkaPlan, pool: Pool) {
  const { namespace, storageClass, protect } = plan;
  const holdsRecords = pool.roles.includes("broker");
  const { cpu, memory, storage } = holdsRecords ? plan.broker : plan.controller;
  const name = poolName(plan, pool);
  return {
    apiVersion: strimziApi,
    kind: "KafkaNodePool",
    metadata: {
      name,
      namespace,
      labels: clusterLabel(plan),
      annotations: { "strimzi.io/next-node-ids": `[${pool.firstId}-${pool.firstId + 99}]`, ...backgroundDeletion },
    },
    spec: {
      replicas: holdsRecords ? plan.brokers : plan.controllers,
      roles: [...pool.roles],
      storage: {
        type: "jbod",
        volumes: [
          {
            id: 0,
            type: "persistent-claim",
            size: formatQuantity(storage),
            ...(storageClass !== undefined && { class: storageClass }),
            deleteClaim: !protect,
            kraftMetadata: "shared",
          },
        ],
      },
      // The limit equals the request for memory, because overcommitted memory gets pods killed. CPU has no limit.
      resources: { requests: { cpu, memory: formatQuantity(memory) }, limits: { memory: formatQuantity(memory) } },
      template: {
        pod: {
          securityContext: podSecurity,
          // Gives leaders time to move to other brokers.
          terminationGracePeriodSeconds: 120,
          ...podAntiAffinity(plan.spread, { ...clusterLabel(plan), "strimzi.io/pool-name": name }),
        },
        kafkaContainer: { securityContext: containerSecurity },
        initContainer: { securityContext: containerSecurity },
      },
    },
  };
}

/** The volume claims of all pools, under the names that Strimzi gives them, with their sizes. */
export function kafkaVolumes(plan: KafkaPlan) {
  return poolsOf(plan).flatMap((pool) => {
    const { firstId } = pool;
    const [count, { storage }] = pool.roles.includes("broker")
      ? [plan.brokers, plan.broker]
      : [plan.controllers, plan.controller];
    return Array.from({ length: count }, (_, index) => ({
      claim: `data-0-${plan.name}-${poolName(plan, pool)}-${firstId + index}`,
      size: storage,
    }));
  });
}
