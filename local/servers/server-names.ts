import type { StopStep } from "../../common/system/process-id";

/** All servers that a home can have, in starting order. They stop in reverse order, readers first. */
export const serverNames = ["postgres", "worker_1", "worker_2", "kafka", "connect"] as const;
export type ServerName = (typeof serverNames)[number];

export const serverTitles: Readonly<Record<ServerName, string>> = {
  postgres: "PostgreSQL",
  worker_1: "Citus worker 1",
  worker_2: "Citus worker 2",
  kafka: "Kafka",
  connect: "Kafka Connect",
};

const postgresStop: readonly StopStep[] = [
  { signal: "SIGINT", waitMs: 20_000 },
  { signal: "SIGQUIT", waitMs: 5_000 },
  { signal: "SIGKILL", waitMs: 5_000 },
];
const javaStop: readonly StopStep[] = [
  { signal: "SIGTERM", waitMs: 20_000 },
  { signal: "SIGKILL", waitMs: 5_000 },
];

/** The signals that stop a server, gentlest first. For PostgreSQL that is a fast shutdown, which does not wait for clients. */
export function stopSteps(name: ServerName): readonly StopStep[] {
  return name === "kafka" || name === "connect" ? javaStop : postgresStop;
}
