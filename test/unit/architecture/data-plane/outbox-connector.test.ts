import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import type { Application } from "../../../../architecture/application";
import { renderOutboxConnector } from "../../../../architecture/data-plane/outbox-connector";
import { type Endpoints, type PostgresNode, unknownYet } from "../../../../architecture/endpoints";
import type { Settings } from "../../../../settings/settings";
import { matchesGolden } from "../../golden";

const days = (count: number) => ({ count, unit: "day" }) as const;

const application: Application = {
  name: "ecommerce",
  schema: "ecommerce",
  tenant: { table: "tenants", column: "tenant_id", type: "uuid" },
  tables: [],
  files: [],
  events: {
    retention: days(3),
    maxPayload: { bytes: 8192 },
    aggregates: [
      { name: "payment", topic: "ecommerce.payment.events", partitions: 3, retention: days(7) },
      { name: "order", topic: "ecommerce.order.events", partitions: 6, retention: days(14) },
    ],
  },
  roles: [],
  cold: { openRequests: 5, rowsPerDay: 1_000_000, bytesPerDay: { bytes: 2 ** 30 }, keep: { count: 3, unit: "day" } },
};

const worker: PostgresNode = { name: "worker_1", host: "worker-1.internal", port: 5433 };

const endpoints: Endpoints = {
  postgres: {
    host: "coordinator.internal",
    port: 5432,
    database: "shop",
    user: "admin",
    password: "admin's secret",
    sslmode: "verify-full",
    nodes: [worker],
    roles: { cdc: { user: "ecommerce_cdc", password: "cdc's secret" } },
  },
  kafka: { bootstrapServers: ["kafka.internal:9092"] },
  connect: { url: "http://connect.internal:8083", databasePassword: "${file:/run/secrets/connect.properties:cdc}" },
};

const settings: Settings = {
  application: "ecommerce",
  platform: "external",
  citus: "required",
  consistency: "strong",
  shardCount: 32,
  allow: [],
  kafka: { manageTopics: false, replication: 3, consumers: {} },
  endpoints,
};

test("renders the connector of a node as in the golden file", () => {
  const golden = join(__dirname, "../../../golden/connectors/ecommerce-outbox-worker-1.json");
  matchesGolden(golden, `${JSON.stringify(renderOutboxConnector(application, settings, worker), null, 2)}\n`);
});

test("renders the same connector for any order of the aggregates", () => {
  const reordered = {
    ...application,
    events: { ...application.events, aggregates: application.events.aggregates.toReversed() },
  };
  assert.equal(
    JSON.stringify(renderOutboxConnector(reordered, settings, worker)),
    JSON.stringify(renderOutboxConnector(application, settings, worker)),
  );
});

test("the configuration has a reference to the password, not the password", () => {
  const text = JSON.stringify(renderOutboxConnector(application, settings, worker));
  assert.doesNotMatch(text, /secret"|admin/);
  assert.match(text, /\$\{file:\/run\/secrets\/connect\.properties:cdc\}/);
});

test("sets exactly-once options only if consistency is `strong`", () => {
  const strong = renderOutboxConnector(application, settings, worker).config;
  assert.equal(strong["exactly.once.support"], "required");
  for (const consistency of ["bounded", "eventual"] as const) {
    const { config } = renderOutboxConnector(application, { ...settings, consistency }, worker);
    assert.deepEqual(
      Object.keys(strong).filter((key) => !(key in config)),
      ["exactly.once.support", "transaction.boundary", "producer.override.retry.backoff.ms"],
    );
  }
});

test("renders placeholders in a preview before the servers exist", () => {
  const { config } = renderOutboxConnector(application, { ...settings, endpoints: undefined }, worker);
  assert.equal(config["database.password"], unknownYet);
  assert.equal(config["database.dbname"], unknownYet);
  assert.equal(config["slot.name"], "ecommerce_outbox_worker_1");
});

test("every declared aggregate has a topic with its partitions and retention", () => {
  const { config } = renderOutboxConnector(application, settings, worker);
  assert.equal(config["topic.creation.groups"], "order-events,payment-events");
  assert.equal(config["topic.creation.order-events.include"], "ecommerce\\.order\\.events");
  assert.equal(config["topic.creation.order-events.partitions"], "6");
  assert.equal(config["topic.creation.order-events.retention.ms"], String(14 * 86_400_000));
});

test("an application without events has no topic creation groups", () => {
  const silent = { ...application, events: { ...application.events, aggregates: [] } };
  const { config } = renderOutboxConnector(silent, settings, worker);
  assert.equal(config["topic.creation.groups"], "");
});

test("the tenant header comes from the tenant column, whatever its name", () => {
  const tenant = { ...application.tenant, column: "shop_id" };
  const { config } = renderOutboxConnector({ ...application, tenant }, settings, worker);
  assert.match(config["transforms.outbox.table.fields.additional.placement"] ?? "", /^shop_id:header:tenant,/);
});

test("verifies the server's certificate by the endpoints' authority, or by Java's own authorities", () => {
  const withPostgres = (changes: Partial<Endpoints["postgres"]>) => ({
    ...settings,
    endpoints: { ...endpoints, postgres: { ...endpoints.postgres, ...changes } },
  });
  const trust = (changes: Partial<Endpoints["postgres"]>) => {
    const { config } = renderOutboxConnector(application, withPostgres(changes), worker);
    return [config["driver.sslfactory"]?.split(".").at(-1), config["driver.sslfactoryarg"]];
  };
  assert.deepEqual(trust({ ca: "-----BEGIN CERTIFICATE-----" }), [
    "SingleCertValidatingFactory",
    "-----BEGIN CERTIFICATE-----",
  ]);
  assert.deepEqual(trust({}), ["DefaultJavaSSLFactory", undefined]);
  assert.deepEqual(trust({ sslmode: "require" }), [undefined, undefined]);
});
