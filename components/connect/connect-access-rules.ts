import type { AccessRule, Operation } from "../kafka/kafka-access-rules";
import { workerTopics } from "./connect-names";

/**
 * What the workers of a group may do: keep their own topics, write an application's events, and answer for their
 * transactions (https://kafka.apache.org/documentation/#connect_exactlyoncesource).
 */
export function workerAccess(name: string, application: string): AccessRule[] {
  const own: Operation[] = ["Read", "Write", "Create", "Describe", "DescribeConfigs"];
  const written: Operation[] = ["Write", "Create", "Describe", "DescribeConfigs"];
  return [
    ...Object.values(workerTopics({ name })).map((topic) => ({ to: "topic", name: topic, operations: own }) as const),
    { to: "topic", name: `${application}.`, prefix: true, operations: written },
    // Where Debezium writes that a connector lives.
    { to: "topic", name: `__debezium-heartbeat.${application}`, prefix: true, operations: written },
    { to: "group", name, operations: ["Read", "Describe"] },
    // The leader's own, and one for each task.
    { to: "transactionalId", name: `connect-cluster-${name}`, operations: ["Write", "Describe"] },
    { to: "transactionalId", name: `${name}-`, prefix: true, operations: ["Write", "Describe"] },
    { to: "cluster", operations: ["IdempotentWrite"] },
  ];
}
