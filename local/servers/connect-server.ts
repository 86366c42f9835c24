import { join } from "node:path";
import type { ConnectEndpoint, Login } from "../../architecture/endpoints";
import type { Home } from "../home";
import { connectSecrets, setConnectSecrets } from "./connect-secrets";
import { connectHealth } from "./health";
import { connectPlugins, kafkaJars } from "./java-artifacts";
import { javaArguments, javaLocale, javaProgram, requireInstalled, writeConfig } from "./java-server";
import { renderConnectConfig, renderLogConfig, renderRestLogin } from "./kafka-config";
import type { Server } from "./server";
import { serverTitles } from "./server-names";

interface ConnectServer {
  readonly home: Home;
  readonly port: number;
  /** The login for clients of the REST interface. */
  readonly login: Login;
  readonly kafkaPort: number;
  readonly kafkaLogin: Login;
  /** @default 512 */
  readonly heapMiB: number;
  /** Lets connectors deliver exactly once. @default true */
  readonly exactlyOnce?: boolean;
}

/** The endpoint of the REST interface. */
export function connectAt(port: number, login: Login): Omit<ConnectEndpoint, "databasePassword"> {
  return { url: `http://127.0.0.1:${port}`, ...login };
}

/** One Kafka Connect worker with Debezium. */
export function connectServer(own: ConnectServer): Server {
  const directory = own.home.of("connect");
  const config = join(directory, "connect.properties");
  const logConfig = join(directory, "log4j2.properties");
  const jaas = join(directory, "rest-login.conf");
  const users = join(directory, "rest-users.properties");
  const secrets = connectSecrets(own.home);
  return {
    name: "connect",
    title: serverTitles.connect,
    port: own.port,
    ports: [own.port],
    portFlag: "--connect-port",
    command: javaProgram(),
    args: [
      `-Djava.security.auth.login.config=${jaas}`,
      ...javaArguments(own.heapMiB, logConfig, "org.apache.kafka.connect.cli.ConnectDistributed", [config]),
    ],
    env: javaLocale,
    cwd: "/",
    mark: config,
    startTimeoutMs: 240_000,
    prepare: async () => {
      requireInstalled("Kafka Connect", kafkaJars());
      requireInstalled("Debezium", connectPlugins());
      const rest = renderRestLogin(own.login, users);
      const changed = writeConfig(directory, {
        "rest-login.conf": rest.jaas,
        "rest-users.properties": rest.users,
        "connect.properties": renderConnectConfig({
          port: own.port,
          kafkaPort: own.kafkaPort,
          kafkaLogin: own.kafkaLogin,
          plugins: connectPlugins(),
          secrets,
          exactlyOnce: own.exactlyOnce ?? true,
        }),
        "log4j2.properties": renderLogConfig({
          "org.apache.kafka.connect": "info",
          "io.debezium": "info",
          // These classes log a line for each batch although nothing is wrong.
          "io.debezium.metrics.stats.MeasurementCollector": "error",
          "io.debezium.connector.postgresql.PostgresStreamingChangeEventSource": "warn",
        }),
      });
      // Connect starts only if its file of secrets exists.
      setConnectSecrets(secrets, {});
      return changed;
    },
    health: () => connectHealth(connectAt(own.port, own.login)),
  };
}
