import type { AccessRule, Operation } from "../kafka/kafka-access-rules";
import { workerTopics } from "./connect-names";

/**
 * The access rules of a group of workers: they use their own topics, write an application's events, and use transactions
 * (https://kafka.apache.org/documentation/#connect_exactlyoncesource).
 */
export function workerAccess(name: string, application: string): AccessRule[] {
  const own: Operation[] = ["Read", "Write", "Create", "Describe", "DescribeConfigs"];
  const written: Operation[] = ["Write", "Create", "Describe", "DescribeConfigs"];
  return [
    ...Object.values(workerTopics({ name })).map((topic) => ({ to: "topic", name: topic, operations: own }) as const),
    { to: "topic", name: `${application}.`, prefix: true, operations: written },
    // Debezium writes its heartbeats here.
    { to: "topic", name: `__debezium-heartbeat.${application}`, prefix: true, operations: written },
    { to: "group", name, operations: ["Read", "Describe"] },
    // The leader uses the first transactional id, each task one of the others.
    { to: "transactionalId", name: `connect-cluster-${name}`, operations: ["Write", "Describe"] },
    { to: "transactionalId", name: `${name}-`, prefix: true, operations: ["Write", "Describe"] },
    { to: "cluster", operations: ["IdempotentWrite"] },
  ];
}
