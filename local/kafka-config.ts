/** A Java properties file, keys in the order given. */
export function renderProperties(settings: Readonly<Record<string, string | number | boolean>>): string {
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${String(value).replaceAll("\\", "\\\\")}`);
  return `# Written by \`tenantry local up\` at each start.\n${lines.join("\n")}\n`;
}

export interface KafkaConfig {
  readonly port: number;
  readonly controllerPort: number;
  readonly data: string;
}

/** One node that is broker and controller, without ZooKeeper. */
export function renderKafkaConfig({ port, controllerPort, data }: KafkaConfig): string {
  return renderProperties({
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": data,
    // Topics are declared, so that a misspelt name is an error and not a topic.
    "auto.create.topics.enable": false,
    // One node: no copies, and few partitions of the internal topics, for a quick start.
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 3,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 3,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
  });
}

export interface ConnectConfig {
  readonly port: number;
  readonly kafkaPort: number;
  readonly plugins: string;
  /** The directory whose files connectors may refer to by `${file:PATH:KEY}`. */
  readonly secrets: string;
  /** Whether source connectors may deliver exactly once; those that do not ask for it become transactional too. */
  readonly exactlyOnce: boolean;
}

/** A worker in distributed mode. */
export function renderConnectConfig({ port, kafkaPort, plugins, secrets, exactlyOnce }: ConnectConfig): string {
  const json = "org.apache.kafka.connect.json.JsonConverter";
  return renderProperties({
    "bootstrap.servers": `127.0.0.1:${kafkaPort}`,
    "group.id": "tenantry-connect",
    listeners: `http://127.0.0.1:${port}`,
    "rest.advertised.host.name": "127.0.0.1",
    "rest.advertised.port": port,
    "plugin.path": plugins,
    "plugin.discovery": "service_load",
    "key.converter": json,
    "value.converter": json,
    "config.storage.topic": "tenantry-connect-configs",
    "config.storage.replication.factor": 1,
    "offset.storage.topic": "tenantry-connect-offsets",
    "offset.storage.replication.factor": 1,
    "offset.storage.partitions": 3,
    "status.storage.topic": "tenantry-connect-status",
    "status.storage.replication.factor": 1,
    "status.storage.partitions": 3,
    "exactly.once.source.support": exactlyOnce ? "enabled" : "disabled",
    // A killed worker that is back takes up its connectors at once.
    "scheduled.rebalance.max.delay.ms": 0,
    "config.providers": "file",
    "config.providers.file.class": "org.apache.kafka.common.config.provider.FileConfigProvider",
    "config.providers.file.param.allowed.paths": secrets,
  });
}

/** Log4j's settings of a server: what matters on standard output, which goes to its log. */
export function renderLogConfig(levels: Readonly<Record<string, string>>): string {
  const loggers = Object.entries(levels).flatMap(([name, level], index) => [
    `logger.${index}.name=${name}`,
    `logger.${index}.level=${level}`,
  ]);
  return [
    "status=error",
    "appender.out.type=Console",
    "appender.out.name=out",
    "appender.out.layout.type=PatternLayout",
    "appender.out.layout.pattern=%d{ISO8601} %-5p %c{1} - %m%n",
    "rootLogger.level=warn",
    "rootLogger.appenderRef.out.ref=out",
    ...loggers,
    "",
  ].join("\n");
}
