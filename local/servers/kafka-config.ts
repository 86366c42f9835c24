import type { Login } from "../../architecture/endpoints";

/** Writes a Java properties file, with the keys in the given order. */
export function renderProperties(settings: Readonly<Record<string, string | number | boolean>>): string {
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${escapeProperty(String(value))}`);
  return `# Written by \`tenantry local up\` at each start.\n${lines.join("\n")}\n`;
}

/** Escapes a value for java.util.Properties. Characters outside ASCII become numbers, so Latin-1 and UTF-8 readers agree. */
export function escapeProperty(value: string): string {
  return value
    .replaceAll("\\", "\\\\")
    .replace(/^ /, "\\ ")
    .replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

export interface KafkaConfig {
  readonly port: number;
  readonly controllerPort: number;
  readonly data: string;
  /** The logins that clients may use. */
  readonly clients: readonly Login[];
  /** The login that broker and controller use for each other. */
  readonly own: Login;
}

/**
 * The configuration of one node that is broker and controller, without ZooKeeper. Every client needs a login. SASL PLAIN keeps
 * the logins in this file instead of in Kafka's data, and is safe because the traffic never leaves the machine.
 */
export function renderKafkaConfig({ port, controllerPort, data, clients, own }: KafkaConfig): string {
  return renderProperties({
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: `BROKER://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `BROKER://127.0.0.1:${port}`,
    "inter.broker.listener.name": "BROKER",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "BROKER:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN",
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
    "sasl.mechanism.controller.protocol": "PLAIN",
    "listener.name.broker.plain.sasl.jaas.config": plainModule(own, [own, ...clients]),
    "listener.name.controller.plain.sasl.jaas.config": plainModule(own, [own]),
    "log.dirs": data,
    // Topics are declared, so a misspelt name gives an error instead of a new topic.
    "auto.create.topics.enable": false,
    // One node has no replicas; few partitions of the internal topics make the start quick.
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 3,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 3,
    // The next transaction of a connector waits in such steps until the markers of the one before are written.
    "add.partitions.to.txn.retry.backoff.ms": 5,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
  });
}

interface ConnectConfig {
  readonly port: number;
  readonly kafkaPort: number;
  /** The login of the worker and its connectors in Kafka. */
  readonly kafkaLogin: Login;
  readonly plugins: string;
  /** The file to which connectors can refer by `${file:PATH:KEY}`. */
  readonly secrets: string;
  /** Lets source connectors deliver exactly once. Connectors that do not ask for it become transactional too. */
  readonly exactlyOnce: boolean;
}

/** The configuration of a worker in distributed mode. Its REST interface needs the login in the JAAS entry `KafkaConnect`. */
export function renderConnectConfig(config: ConnectConfig): string {
  const { port, kafkaPort, kafkaLogin, plugins, secrets, exactlyOnce } = config;
  const json = "org.apache.kafka.connect.json.JsonConverter";
  return renderProperties({
    "bootstrap.servers": `127.0.0.1:${kafkaPort}`,
    // These are for the worker itself and for the clients that it makes for connectors.
    ...Object.assign({}, ...["", "producer.", "consumer.", "admin."].map((prefix) => clientLogin(prefix, kafkaLogin))),
    "group.id": "tenantry-connect",
    listeners: `http://127.0.0.1:${port}`,
    "rest.extension.classes": "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension",
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
    // A killed worker that comes back starts its connectors at once.
    "scheduled.rebalance.max.delay.ms": 0,
    "config.providers": "file",
    "config.providers.file.class": "org.apache.kafka.common.config.provider.FileConfigProvider",
    "config.providers.file.param.allowed.paths": secrets,
  });
}

function clientLogin(prefix: string, login: Login): Readonly<Record<string, string>> {
  return {
    [`${prefix}security.protocol`]: "SASL_PLAINTEXT",
    [`${prefix}sasl.mechanism`]: "PLAIN",
    [`${prefix}sasl.jaas.config`]: plainModule(login),
  };
}

/** The JAAS text of a login and, on a server, of the logins that it accepts. */
function plainModule({ user, password }: Login, known: readonly Login[] = []): string {
  const options = [
    ["username", user],
    ["password", password],
    ...known.map((each) => [`user_${each.user}`, each.password]),
  ];
  const module = "org.apache.kafka.common.security.plain.PlainLoginModule";
  return `${module} required ${options.map(([name, value]) => `${name}="${value}"`).join(" ")};`;
}

/** The login for Connect's REST interface: the JAAS entry, and the file that it names. */
export function renderRestLogin(
  { user, password }: Login,
  users: string,
): { readonly users: string; readonly jaas: string } {
  const module = "org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule";
  return {
    users: renderProperties({ [user]: password }),
    jaas: `KafkaConnect {\n  ${module} required file="${users}";\n};\n`,
  };
}

/** A server's Log4j settings. Log4j writes to standard output, which is the server's log. */
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
