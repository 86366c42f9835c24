import type { PostgresNode } from "../architecture/endpoints";
import { connectServer } from "./connect";
import type { Home, HomeSettings } from "./home";
import { kafkaServer } from "./kafka";
import { passwordOf } from "./password";
import { postgresServer } from "./postgres";
import type { PostgresPrograms } from "./postgres-programs";
import type { Server } from "./server";
import type { SystemUser } from "./system-user";

export interface ClusterOptions {
  readonly database: string;
  readonly programs: PostgresPrograms;
  readonly user: SystemUser | undefined;
  /** @default 512 */
  readonly connectHeapMiB: number;
}

const loopback = "127.0.0.1";

/** The servers of a home: one PostgreSQL, or with Citus a coordinator and two workers; Kafka; Connect. */
export function clusterOf(home: Home, settings: HomeSettings, options: ClusterOptions): readonly Server[] {
  const { ports, citus, secret } = settings;
  const postgres = (name: "postgres" | "worker_1" | "worker_2") =>
    postgresServer({
      name,
      port: ports[name],
      data: `${settings.postgresData}/${name}`,
      password: adminPassword(secret),
      citus,
      ...options,
    });
  return [
    postgres("postgres"),
    ...(citus ? [postgres("worker_1"), postgres("worker_2")] : []),
    kafkaServer({
      home,
      port: ports.kafka,
      controllerPort: ports.controller,
      clusterId: settings.kafkaClusterId,
      heapMiB: 384,
    }),
    connectServer({ home, port: ports.connect, kafkaPort: ports.kafka, heapMiB: options.connectHeapMiB }),
  ];
}

/** Citus' workers; none on plain PostgreSQL. */
export function workersOf({ citus, ports }: HomeSettings): readonly PostgresNode[] {
  if (!citus) return [];
  return (["worker_1", "worker_2"] as const).map((name) => ({ name, host: loopback, port: ports[name] }));
}

/** The nodes that hold shards. */
export function shardNodes(settings: HomeSettings): readonly PostgresNode[] {
  const workers = workersOf(settings);
  return workers.length > 0 ? workers : [{ name: "coordinator", host: loopback, port: settings.ports.postgres }];
}

export function adminPassword(secret: string): string {
  return passwordOf(secret, "postgres");
}
