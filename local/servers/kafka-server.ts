import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { KafkaEndpoint, Login } from "../../architecture/endpoints";
import { Problems } from "../../common/problem";
import { run } from "../../common/system/run";
import type { Home } from "../home";
import { kafkaHealth } from "./health";
import { kafkaJars } from "./java-artifacts";
import { javaArguments, javaLocale, javaProgram, requireInstalled, writeConfig } from "./java-server";
import { renderKafkaConfig, renderLogConfig } from "./kafka-config";
import type { Server } from "./server";
import { serverTitles } from "./server-names";

interface KafkaServer {
  readonly home: Home;
  readonly port: number;
  readonly controllerPort: number;
  readonly clusterId: string;
  /** The login for Kafka's clients. */
  readonly login: Login;
  /** The login of the node itself. */
  readonly ownLogin: Login;
  /** @default 384 */
  readonly heapMiB: number;
}

/** Kafka's endpoint on loopback, with user and password and without encryption. */
export function kafkaAt(port: number, login: Login): KafkaEndpoint {
  return { bootstrapServers: [`127.0.0.1:${port}`], tls: false, ...login, mechanism: "plain" };
}

/** One Kafka node that is broker and controller. */
export function kafkaServer(own: KafkaServer): Server {
  const directory = own.home.of("kafka");
  const data = join(directory, "data");
  const config = join(directory, "server.properties");
  const logConfig = join(directory, "log4j2.properties");
  return {
    name: "kafka",
    title: serverTitles.kafka,
    port: own.port,
    ports: [own.port, own.controllerPort],
    portFlag: "--kafka-port",
    command: javaProgram(),
    args: javaArguments(own.heapMiB, logConfig, "kafka.Kafka", [config]),
    env: javaLocale,
    cwd: "/",
    mark: config,
    startTimeoutMs: 180_000,
    prepare: async () => {
      requireInstalled("Kafka", kafkaJars());
      const changed = writeConfig(directory, {
        "server.properties": renderKafkaConfig({
          port: own.port,
          controllerPort: own.controllerPort,
          data,
          clients: [own.login],
          own: own.ownLogin,
        }),
        "log4j2.properties": renderLogConfig({ "kafka.server.KafkaRaftServer": "info" }),
      });
      if (!existsSync(join(data, "meta.properties"))) await format(own, { config, logConfig, data });
      return changed;
    },
    health: () => kafkaHealth(kafkaAt(own.port, own.login)),
  };
}

async function format(
  { clusterId, heapMiB }: KafkaServer,
  { config, logConfig, data }: { readonly config: string; readonly logConfig: string; readonly data: string },
): Promise<void> {
  // Kafka would refuse the data that a killed format left. That data holds no messages, so it can be deleted.
  rmSync(data, { recursive: true, force: true });
  const args = ["format", "--cluster-id", clusterId, "--config", config];
  const { code, stdout, stderr } = await run(
    javaProgram(),
    javaArguments(heapMiB, logConfig, "kafka.tools.StorageTool", args),
    { cwd: "/", env: { ...process.env, ...javaLocale } },
  );
  if (code === 0) return;
  throw new Problems([
    {
      what: "Kafka's storage could not be made",
      got: `${stdout}${stderr}`.trim().split("\n").slice(-4).join("\n            "),
      fix: `Make sure that ${data} can be written and the disk has space, then run \`tenantry local up\` again.`,
    },
  ]);
}
