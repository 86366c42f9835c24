import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Application } from "../../architecture/application";
import type { ConnectorInputs } from "../../architecture/data-plane/declaration";
import { renderOutboxConnector } from "../../architecture/data-plane/outbox-connector";
import { outbox, outboxSlot, publishedColumns } from "../../architecture/data-plane/outbox-table";
import type { KafkaEndpoint } from "../../architecture/endpoints";
import { Problems } from "../../common/problem";
import { openKafka } from "../../kafka/kafka-client";
import type { EventRecord } from "../../kafka/record";
import { tail, waitForTopics } from "../../kafka/topic-tail";
import { openConnect } from "../../provider/connect/connect-client";
import { loseOptIn } from "../../provider/events/unsent-events";
import { openDatabase } from "../../provider/postgres/postgres";
import { readerOf } from "../../provider/postgres/sql-statements";
import type { Context } from "../../provider/protocol/resource-context";
import { connector } from "../../provider/resources/connector";
import { replicationSlot } from "../../provider/resources/replication-slot";
import { externalSettings } from "../unit/external-settings";
import { freshDatabase } from "./servers";

/** An outbox, its replication slot, and the settings of a connector on it. */
export interface ConnectorFixture extends Context {
  readonly allow: Set<string>;
  readonly logged: string[];
  readonly application: Application;
  readonly slot: Parameters<typeof replicationSlot.create>[1];
  readonly inputs: ConnectorInputs;
  run(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Writes this many events, each in its own transaction. */
  emit(count: number): Promise<void>;
  /** All records of the topic, read after at least this many have arrived. */
  sent(count: number): Promise<readonly EventRecord[]>;
}

/** Creates a database with an outbox, its slot and a connector's settings. Removes all of it after the test. */
export async function startConnectorFixture(t: TestContext): Promise<ConnectorFixture> {
  const fresh = await freshDatabase("shop");
  const { endpoints } = fresh;
  const logged: string[] = [];
  const database = openDatabase(fresh);
  const connect = openConnect(endpoints.connect);
  const { host, port } = endpoints.postgres;
  // On Citus the table stays local on the coordinator, because no session may create tables on a worker.
  const node = { name: "coordinator", host, port };
  const application = applicationNamed(fresh.database);
  const settings = externalSettings({ application: application.name, endpoints });
  const inputs = renderOutboxConnector(application, settings, node);
  const run = (sql: string) => database.onNode(node, (client) => readerOf(client)<Record<string, unknown>>(sql));
  const fixture: ConnectorFixture = {
    database,
    connect,
    allow: new Set(),
    logged,
    log: (message) => void logged.push(message),
    warn: (message) => void logged.push(message),
    signal: new AbortController().signal,
    application,
    slot: { node, slot: outboxSlot(application.name, node) },
    inputs,
    run,
    async emit(count) {
      await run(`DO $$ BEGIN FOR i IN 1..${count} LOOP
        INSERT INTO tenantry.outbox (tenant_id, aggregate_type, aggregate_id, type, payload)
          VALUES (gen_random_uuid(), 'order', 'o' || i, 'Placed', '{"total": 12.50}');
        COMMIT; END LOOP; END $$`);
    },
    sent: (count) => readRecords(endpoints.kafka, `${application.name}.order.events`, count),
  };
  t.after(async () => {
    fixture.allow.add(loseOptIn(fixture.slot.slot));
    await connector.delete(fixture, inputs.connector, { ...inputs, state: "RUNNING" });
    await database.close();
    await fresh.drop();
  });
  await run(`CREATE SCHEMA tenantry; GRANT USAGE ON SCHEMA tenantry TO PUBLIC;
    CREATE TABLE tenantry.outbox (tenant_id uuid NOT NULL, id uuid DEFAULT gen_random_uuid(), created_at timestamptz DEFAULT now(),
      aggregate_type text, aggregate_id text, type text, payload jsonb,
      created_us bigint NOT NULL DEFAULT (extract(epoch FROM now()) * 1000000)::bigint, PRIMARY KEY (tenant_id, created_at, id)
    ) PARTITION BY RANGE (created_at);
    CREATE TABLE tenantry.outbox_rest PARTITION OF tenantry.outbox DEFAULT;
    CREATE PUBLICATION ${outbox.publication} FOR TABLE tenantry.outbox (${publishedColumns("tenant_id").join()})
      WITH (publish = 'insert', publish_via_partition_root = true)`);
  await replicationSlot.create(fixture, fixture.slot);
  return fixture;
}

async function readRecords(endpoint: KafkaEndpoint, topic: string, count: number): Promise<readonly EventRecord[]> {
  const kafka = openKafka(endpoint, "tenantry-test");
  assert.deepEqual(await waitForTopics(kafka, [topic], 30_000), []);
  const records: EventRecord[] = [];
  const reader = await tail(kafka, [topic], new Map(), (record) => records.push(record));
  for (const deadline = Date.now() + 30_000; records.length < count && Date.now() < deadline; ) await sleep(100);
  // Reads records beyond the expected ones too.
  await sleep(1_000);
  await reader.stop();
  assert(records.length >= count, `${records.length} records came instead of ${count}`);
  return records;
}

function applicationNamed(name: string): Application {
  const retention = { count: 1, unit: "day" } as const;
  return {
    name,
    schema: name,
    tenant: { table: "tenants", column: "tenant_id", type: "uuid" },
    tables: [],
    files: [],
    roles: [],
    cold: { openRequests: 5, rowsPerDay: 1_000_000, bytesPerDay: { bytes: 2 ** 30 }, keep: { count: 3, unit: "day" } },
    events: {
      retention,
      maxPayload: { bytes: 8192 },
      aggregates: [{ name: "order", topic: `${name}.order.events`, partitions: 2, retention }],
    },
  };
}

/** The problems of a rejected call as one text. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail("it should have been refused"),
    (error: unknown) => error,
  );
  assert(error instanceof Problems, String(error));
  return error.message;
}
