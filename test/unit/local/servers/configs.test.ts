import assert from "node:assert/strict";
import test from "node:test";
import {
  renderConnectConfig,
  renderKafkaConfig,
  renderLogConfig,
  renderProperties,
} from "../../../../local/servers/kafka-config";
import { maintainedBy, renderHba, renderPostgresConfig } from "../../../../local/servers/postgres-config";

const plain = {
  port: 15432,
  database: "ecommerce",
  admin: "postgres",
  citus: false,
  statistics: true,
  outputPluginLibraries: true,
};

test("PostgreSQL listens only on loopback, only by TCP, and only with SCRAM passwords", () => {
  const config = renderPostgresConfig(plain);
  assert.match(config, /^listen_addresses = '127.0.0.1'$/m);
  assert.match(config, /^unix_socket_directories = ''$/m);
  assert.deepEqual(renderHba().split("\n").slice(1, -1), [
    "host replication all 127.0.0.1/32 reject",
    "host all         all 127.0.0.1/32 scram-sha-256",
  ]);
});

test("PostgreSQL writes logical WAL and lets pg_partman maintain the application's database", () => {
  const config = renderPostgresConfig({ ...plain, database: "o'hara" });
  assert.match(config, /^wal_level = 'logical'$/m);
  assert.match(config, /^shared_preload_libraries = 'pg_stat_statements,pg_partman_bgw'$/m);
  assert.match(config, /^pg_partman_bgw.dbname = 'o''hara'$/m);
});

test("pg_partman keeps maintaining the databases of other stacks", () => {
  const before = renderPostgresConfig({ ...plain, database: "o'hara" });
  const after = renderPostgresConfig({ ...plain, others: maintainedBy(before) });
  assert.match(after, /^pg_partman_bgw.dbname = 'o''hara,ecommerce'$/m);
  assert.equal(renderPostgresConfig({ ...plain, others: maintainedBy(after) }), after);
  assert.deepEqual(maintainedBy(undefined), []);
});

test("loads Citus first, with change data capture, and allows its decoding plugin if PostgreSQL has a list", () => {
  const config = renderPostgresConfig({ ...plain, citus: true });
  assert.match(config, /^shared_preload_libraries = 'citus,pg_stat_statements,pg_partman_bgw'$/m);
  assert.match(config, /^citus.enable_change_data_capture = 'on'$/m);
  assert.match(config, /^output_plugin_libraries = 'pgoutput, test_decoding, citus'$/m);
  const older = renderPostgresConfig({ ...plain, citus: true, outputPluginLibraries: false });
  assert.doesNotMatch(older, /output_plugin_libraries/);
});

test("does not load pg_stat_statements if PostgreSQL doesn't have it", () => {
  const config = renderPostgresConfig({ ...plain, statistics: false });
  assert.match(config, /^shared_preload_libraries = 'pg_partman_bgw'$/m);
});

test("gives plain PostgreSQL no unknown setting", () => {
  assert.doesNotMatch(renderPostgresConfig(plain), /citus|output_plugin/);
});

const kafka = {
  ...{ port: 19092, controllerPort: 19093, data: "/data" },
  clients: [{ user: "shop", password: "s" }],
  own: { user: "kafka", password: "k" },
};

test("Kafka requires a login, and lets no client reach its controller", () => {
  const config = renderKafkaConfig(kafka);
  assert.match(config, /^listener.security.protocol.map=BROKER:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT$/m);
  assert.match(config, /^listener.name.broker.*username="kafka" password="k" user_kafka="k" user_shop="s";$/m);
  assert.match(config, /^listener.name.controller.*username="kafka" password="k" user_kafka="k";$/m);
});

test("Kafka listens on loopback and creates no topics by itself", () => {
  const config = renderKafkaConfig(kafka);
  assert.match(config, /^listeners=BROKER:\/\/127.0.0.1:19092,CONTROLLER:\/\/127.0.0.1:19093$/m);
  assert.match(config, /^auto.create.topics.enable=false$/m);
});

test("Connect supports exactly-once delivery, logs in to Kafka, and reads secrets from only one file", () => {
  const config = renderConnectConfig({
    port: 18083,
    kafkaPort: 19092,
    kafkaLogin: { user: "shop", password: "s" },
    plugins: "/plugins",
    secrets: "/home/connect/secrets.properties",
    exactlyOnce: true,
  });
  assert.match(config, /^exactly.once.source.support=enabled$/m);
  assert.match(config, /^listeners=http:\/\/127.0.0.1:18083$/m);
  assert.match(config, /^config.providers.file.param.allowed.paths=\/home\/connect\/secrets.properties$/m);
  assert.match(config, /^rest.extension.classes=.*BasicAuthSecurityRestExtension$/m);
  for (const client of ["", "producer.", "consumer.", "admin."]) {
    assert.match(config, new RegExp(`^${client}security.protocol=SASL_PLAINTEXT$`, "m"));
    assert.match(config, new RegExp(`^${client}sasl.jaas.config=.* username="shop" password="s";$`, "m"));
  }
});

test("loggers keep their own levels beside the root logger's", () => {
  const config = renderLogConfig({ "io.debezium": "info" });
  assert.match(config, /^rootLogger.level=warn$/m);
  assert.match(config, /^logger.0.name=io.debezium\nlogger.0.level=info$/m);
});

test("Java reads properties back unchanged, with any characters in a path", () => {
  const [, line] = renderProperties({ "log.dirs": " /home/jörg\\店 😀\n" }).split("\n");
  assert.equal(line, "log.dirs=\\ /home/j\\u00f6rg\\\\\\u5e97 \\ud83d\\ude00\\u000a");
});
