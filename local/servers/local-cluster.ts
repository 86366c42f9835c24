import type { Endpoints, Login, PostgresNode } from "../../architecture/endpoints";
import { passwordOf } from "../../common/password";
import type { SystemUser } from "../../common/system/system-user";
import type { Home, HomeSettings } from "../home";
import { connectSecrets, referTo } from "./connect-secrets";
import { connectAt, connectServer } from "./connect-server";
import { kafkaAt, kafkaServer } from "./kafka-server";
import type { PostgresPrograms } from "./postgres-programs";
import { postgresServer } from "./postgres-server";
import type { Server } from "./server";

interface ClusterOptions {
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
      login: clientLogin(secret, "kafka"),
      ownLogin: { user: "kafka", password: passwordOf(secret, "kafka/kafka") },
      heapMiB: 384,
    }),
    connectOf(home, settings, options),
  ];
}

/** The Kafka Connect of a home. */
export function connectOf(
  home: Home,
  { ports, secret }: HomeSettings,
  { connectHeapMiB, exactlyOnce = true }: { readonly connectHeapMiB: number; readonly exactlyOnce?: boolean },
): Server {
  return connectServer({
    home,
    port: ports.connect,
    login: clientLogin(secret, "connect"),
    kafkaPort: ports.kafka,
    kafkaLogin: clientLogin(secret, "kafka"),
    heapMiB: connectHeapMiB,
    exactlyOnce,
  });
}

/** The endpoints of Kafka and Connect, with their logins. */
export function streamEndpoints(home: Home, { ports, secret }: HomeSettings): Pick<Endpoints, "kafka" | "connect"> {
  return {
    kafka: kafkaAt(ports.kafka, clientLogin(secret, "kafka")),
    connect: {
      ...connectAt(ports.connect, clientLogin(secret, "connect")),
      databasePassword: referTo(connectSecrets(home), "cdc"),
    },
  };
}

/** The login for all programs of this user. Each server has its own password. */
function clientLogin(secret: string, server: "kafka" | "connect"): Login {
  const user = "tenantry";
  return { user, password: passwordOf(secret, `${server}/${user}`) };
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
