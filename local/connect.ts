import { join } from "node:path";
import { connectHealth } from "./health";
import type { Home } from "./home";
import { javaArguments, javaProgram, requireInstalled, writeConfig } from "./java-server";
import { renderConnectConfig, renderLogConfig } from "./kafka-config";
import { connectPlugins, kafkaJars } from "./parts";
import type { Server } from "./server";
import { serverTitles } from "./server-names";

export interface ConnectServer {
  readonly home: Home;
  readonly port: number;
  readonly kafkaPort: number;
  /** @default 512 */
  readonly heapMiB: number;
  /** Whether connectors may deliver exactly once. @default true */
  readonly exactlyOnce?: boolean;
}

/** One Kafka Connect worker with Debezium. */
export function connectServer(own: ConnectServer): Server {
  const directory = own.home.of("connect");
  const config = join(directory, "connect.properties");
  const logConfig = join(directory, "log4j2.properties");
  return {
    name: "connect",
    title: serverTitles.connect,
    port: own.port,
    ports: [own.port],
    portFlag: "--connect-port",
    command: javaProgram(),
    args: javaArguments(own.heapMiB, logConfig, "org.apache.kafka.connect.cli.ConnectDistributed", [config]),
    cwd: "/",
    mark: config,
    startTimeoutMs: 240_000,
    prepare: async () => {
      requireInstalled("Kafka Connect", kafkaJars());
      requireInstalled("Debezium", connectPlugins());
      return writeConfig(directory, {
        "connect.properties": renderConnectConfig({
          port: own.port,
          kafkaPort: own.kafkaPort,
          plugins: connectPlugins(),
          secrets: directory,
          exactlyOnce: own.exactlyOnce ?? true,
        }),
        "log4j2.properties": renderLogConfig({
          "org.apache.kafka.connect": "info",
          "io.debezium": "info",
          // They would write lines for each batch that say nothing is wrong.
          "io.debezium.metrics.stats.MeasurementCollector": "error",
          "io.debezium.connector.postgresql.PostgresStreamingChangeEventSource": "warn",
        }),
      });
    },
    health: () => connectHealth(own.port),
  };
}
