import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Application } from "../../architecture/application";
import type { ConnectorInputs } from "../../architecture/declaration";
import type { KafkaEndpoint } from "../../architecture/endpoints";
import { outbox, outboxSlot, publishedColumns } from "../../architecture/outbox";
import { Problems } from "../../architecture/problem";
import { renderOutboxConnector } from "../../connectors/outbox";
import { openKafka } from "../../kafka/client";
import type { EventRecord } from "../../kafka/record";
import { tail, waitForTopics } from "../../kafka/topic-tail";
import { openConnect } from "../../provider/connect-client";
import type { Context } from "../../provider/context";
import { openDatabase } from "../../provider/postgres";
import { connector } from "../../provider/resources/connector";
import { replicationSlot } from "../../provider/resources/replication-slot";
import { readerOf } from "../../provider/statements";
import { freshDatabase, skip } from "./servers";

interface Acting extends Context {
  readonly allow: Set<string>;
  readonly told: string[];
  readonly application: Application;
  readonly slot: Parameters<typeof replicationSlot.create>[1];
  readonly inputs: ConnectorInputs;
  run(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Writes so many events, each in a transaction of its own. */
  emit(count: number): Promise<void>;
  /** All records of the topic, waiting for so many; more if there are. */
  sent(count: number): Promise<readonly EventRecord[]>;
}

/** A database with an outbox, its slot, and what the connector needs. All gone after the test. */
async function startActing(t: TestContext): Promise<Acting> {
  const fresh = await freshDatabase("shop");
  const { endpoints } = fresh;
  const told: string[] = [];
  const database = openDatabase(fresh);
  const connect = openConnect(endpoints.connect);
  const { host, port } = endpoints.postgres;
  // On Citus the table stays local to the coordinator: a worker allows nobody to make one.
  const node = { name: "coordinator", host, port };
  const application = applicationNamed(fresh.database);
  const settings = {
    application: application.name,
    platform: "external",
    citus: "auto",
    consistency: "strong",
    shardCount: 4,
    allow: [],
    kafka: { manageTopics: false, replication: 3, consumers: {} },
    endpoints,
  } as const;
  const inputs = renderOutboxConnector(application, settings, node);
  const run = (sql: string) => database.onNode(node, (client) => readerOf(client)<Record<string, unknown>>(sql));
  const acting: Acting = {
    database,
    connect,
    allow: new Set(),
    told,
    log: (message) => void told.push(message),
    warn: (message) => void told.push(message),
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
    await connector.delete(acting, inputs.connector, { ...inputs, state: "RUNNING" });
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
  await replicationSlot.create(acting, acting.slot);
  return acting;
}

async function readRecords(endpoint: KafkaEndpoint, topic: string, count: number): Promise<readonly EventRecord[]> {
  const kafka = openKafka(endpoint, "tenantry-test");
  assert.deepEqual(await waitForTopics(kafka, [topic], 30_000), []);
  const records: EventRecord[] = [];
  const reader = await tail(kafka, [topic], new Map(), (record) => records.push(record));
  for (const deadline = Date.now() + 30_000; records.length < count && Date.now() < deadline; ) await sleep(100);
  // Whatever comes beyond what was expected.
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
    events: {
      retention,
      maxPayload: { bytes: 8192 },
      aggregates: [{ name: "order", topic: `${name}.order.events`, partitions: 2, retention }],
    },
  };
}

/** Its problems as one text. */
async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail("it should have been refused"),
    (error: unknown) => error,
  );
  assert(error instanceof Problems, String(error));
  return error.message;
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}

function withKeys(inputs: ConnectorInputs, changes: Readonly<Record<string, string>>): ConnectorInputs {
  return { ...inputs, config: { ...inputs.config, ...changes } };
}

test("a connector runs, sends what was written before and after it, and is gone with its offsets when deleted", {
  skip,
}, async (t) => {
  const acting = await startActing(t);
  await acting.emit(5);
  const { id, state } = await connector.create(acting, acting.inputs);
  assert.equal(state.state, "RUNNING");
  assert.deepEqual(await connector.read(acting, id, undefined), state, "a refresh finds what was declared");
  await acting.emit(5);

  const records = await acting.sent(10);
  const rows =
    await acting.run(`SELECT id::text, tenant_id::text AS tenant, type, created_us::text AS "createdAt", aggregate_id AS key,
    payload::text AS payload FROM tenantry.outbox ORDER BY id`);
  assert.deepEqual(
    records.map(({ topic: _, partition: __, offset: ___, ...event }) => event).sort(byId),
    rows.map(({ ...row }) => ({ key: row["key"], ...row })),
  );

  await connector.delete(acting, id, state);
  assert.equal(await connector.read(acting, id, state), undefined);
  await connector.delete(acting, id, state);
  await replicationSlot.delete(acting, "", { ...acting.slot, status: "ready" });
  assert.equal(await replicationSlot.read(acting, "", { ...acting.slot, status: "ready" }), undefined);
  await replicationSlot.delete(acting, "", { ...acting.slot, status: "ready" });
});

test("a changed setting reaches the running connector, and a second update changes nothing", { skip }, async (t) => {
  const acting = await startActing(t);
  const { id, state } = await connector.create(acting, acting.inputs);
  const next = withKeys(acting.inputs, { "max.batch.size": "4096" });
  assert.deepEqual(connector.diff(state, next), [{ path: 'config["max.batch.size"]', how: "update" }]);
  const updated = await connector.update(acting, id, state, next);
  assert.equal((await connector.read(acting, id, updated))?.config["max.batch.size"], "4096");
  assert.deepEqual(connector.diff(updated, next), []);
});

test("what the plugin refuses, and keys that nobody defines, are told together before anything is made", {
  skip,
}, async (t) => {
  const acting = await startActing(t);
  const wrong = withKeys(acting.inputs, {
    "max.bach.size": "1",
    "snapshot.mode": "never",
    "transforms.outbox.route.by.feild": "type",
    "database.port": "many",
  });
  const told = await refusalOf(connector.create(acting, wrong));
  assert.match(told, /no key `max\.bach\.size`[^]*write `max\.batch\.size`/);
  assert.match(told, /no key `transforms\.outbox\.route\.by\.feild`[^]*write `transforms\.outbox\.route\.by\.field`/);
  assert.match(told, /`snapshot\.mode` is refused/);
  assert.match(told, /`database\.port` is refused\n {2}got: +many/);
  assert.equal(await acting.connect.config(acting.inputs.connector), undefined);
});

test("a plugin that is not installed is told with those that are", { skip }, async (t) => {
  const acting = await startActing(t);
  const wrong = withKeys(acting.inputs, { "connector.class": "io.debezium.connector.oracle.OracleConnector" });
  const told = await refusalOf(connector.create(acting, wrong));
  assert.match(
    told,
    /lacks a connector plugin[^]*installed: .*io\.debezium\.connector\.postgresql\.PostgresConnector 3\./,
  );
  assert.match(told, /expected: io\.debezium\.connector\.oracle\.OracleConnector/);
});

test("a missing publication fails the task, which is told, and running again after the repair completes", {
  skip,
}, async (t) => {
  const acting = await startActing(t);
  const lost = withKeys(acting.inputs, { "publication.name": "nobody_made_it" });
  const told = await refusalOf(connector.create(acting, lost));
  assert.match(told, /does not run: task 0 failed\n {2}got: .*Publication/);
  assert.match(told, /fix: .*"nobody_made_it"/);
  assert.match(told, /fix: .*tenantry up --refresh/);
  assert.doesNotMatch(told, /\n\s+at |Exception/);
  const { state } = await connector.create(acting, acting.inputs);
  assert.equal(state.state, "RUNNING");
});

test("a stopped, paused or deleted connector is drift, and is brought back without losing an event", {
  skip,
}, async (t) => {
  const acting = await startActing(t);
  const { id, state } = await connector.create(acting, acting.inputs);
  await acting.emit(3);
  await acting.sent(3);

  await acting.connect.stop(id);
  const stopped = await connector.read(acting, id, state);
  assert(stopped);
  assert.deepEqual(connector.diff(stopped, acting.inputs), [{ path: "state", how: "update" }]);
  await acting.emit(3);
  await connector.update(acting, id, stopped, acting.inputs);
  await acting.sent(6);

  await acting.connect.delete(id);
  assert.equal(await connector.read(acting, id, state), undefined);
  await acting.emit(3);
  await connector.create(acting, acting.inputs);
  const sent = await acting.sent(9);
  assert.equal(new Set(sent.map((record) => record.id)).size, 9);
  assert.equal(sent.length, 9);
});

test("behind a dropped slot the connector refuses to go on, until the stack allows a replay, which sends every event", {
  skip,
}, async (t) => {
  const acting = await startActing(t);
  const { id, state } = await connector.create(acting, acting.inputs);
  await acting.emit(4);
  await acting.sent(4);

  await acting.connect.stop(id);
  await replicationSlot.delete(acting, "", { ...acting.slot, status: "ready" });
  await acting.emit(4);
  await replicationSlot.create(acting, acting.slot);
  await acting.emit(4);
  const told = await refusalOf(connector.update(acting, id, state, acting.inputs));
  assert.match(told, /slot was dropped or lost/);
  assert.match(told, new RegExp(`add \`replay ${id}\` to \`tenantry:allow\``));

  acting.allow.add(`replay ${id}`);
  await connector.update(acting, id, state, acting.inputs);
  const ids = (await acting.run("SELECT id::text FROM tenantry.outbox ORDER BY id")).map((row) => row["id"]);
  const sent = (await acting.sent(16)).map((record) => record.id);
  assert.deepEqual([...new Set(sent)].sort(), ids, "the 4 that nobody had sent, too");
  assert(acting.told.some((line) => /12 retained events are sent again/.test(line)));
});

test("a slot of another plugin is never touched", { skip }, async (t) => {
  const acting = await startActing(t);
  const slot = `${acting.slot.slot}_other`;
  await acting.run(`SELECT pg_create_logical_replication_slot('${slot}', 'test_decoding')`);
  const told = await refusalOf(replicationSlot.create(acting, { ...acting.slot, slot }));
  assert.match(told, /belongs to somebody else\n {2}got: +a logical slot of database "shop_\w+" with test_decoding/);
});

test("a slot is adopted where it is there, and imported by its id", { skip }, async (t) => {
  const acting = await startActing(t);
  const again = await replicationSlot.create(acting, acting.slot);
  assert.deepEqual(again.state, { ...acting.slot, status: "ready" });
  assert.deepEqual(await replicationSlot.read(acting, again.id, undefined), again.state);
});

test("a slot waits for a running transaction, and says which", { skip, timeout: 120_000 }, async (t) => {
  const acting = await startActing(t);
  const slot = `${acting.slot.slot}_late`;
  const writer = acting.database.query("SELECT pg_current_xact_id(), pg_sleep(25)");
  await sleep(500);
  await replicationSlot.create(acting, { ...acting.slot, slot });
  await writer;
  assert(
    acting.told.some((line) =>
      /waits for running transactions on coordinator: tenantry \(server process \d+\) since/.test(line),
    ),
  );
});

test("a reader that stays when its connector is gone is cut off when the slot is deleted", {
  skip,
  timeout: 60_000,
}, async (t) => {
  const acting = await startActing(t);
  const { id, state } = await connector.create(acting, acting.inputs);
  const deleted = replicationSlot.delete(acting, "", { ...acting.slot, status: "ready" });
  await connector.delete(acting, id, state);
  await deleted;
  assert.equal(await replicationSlot.read(acting, "", { ...acting.slot, status: "ready" }), undefined);
});
