import assert from "node:assert/strict";
import { dirname } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { debeziumClass, outboxClass } from "../../architecture/data-plane/connector-class";
import type { ConnectorInputs } from "../../architecture/data-plane/declaration";
import { cpuSeconds } from "../../bench/idle";
import { homeAt } from "../../local/home";
import { stateOf } from "../../local/servers/server";
import { awaitStopped } from "../../provider/connect/connector-health";
import { loseOptIn } from "../../provider/events/unsent-events";
import { connector } from "../../provider/resources/connector";
import { replicationSlot } from "../../provider/resources/replication-slot";
import { refusalOf, startConnectorFixture } from "./connector-fixture";
import { skip } from "./servers";

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}

function withKeys(inputs: ConnectorInputs, changes: Readonly<Record<string, string>>): ConnectorInputs {
  return { ...inputs, config: { ...inputs.config, ...changes } };
}

test("runs a connector, sends events from before and after its start, and deletes it with its offsets", {
  skip,
}, async (t) => {
  const fixture = await startConnectorFixture(t);
  await fixture.emit(5);
  const { id, state } = await connector.create(fixture, fixture.inputs);
  assert.equal(state.state, "RUNNING");
  assert.deepEqual(await connector.read(fixture, id, undefined), state, "a refresh finds what was declared");
  await fixture.emit(5);

  const records = await fixture.sent(10);
  const rows =
    await fixture.run(`SELECT id::text, tenant_id::text AS tenant, type, created_us::text AS "createdAt", aggregate_id AS key,
    payload::text AS payload FROM tenantry.outbox ORDER BY id`);
  assert.deepEqual(
    records.map(({ topic: _, partition: __, offset: ___, ...event }) => event).sort(byId),
    rows.map(({ ...row }) => ({ key: row.key, ...row })),
  );

  await connector.delete(fixture, id, state);
  assert.equal(await connector.read(fixture, id, state), undefined);
  await connector.delete(fixture, id, state);
  await replicationSlot.delete(fixture, "", { ...fixture.slot, status: "ready" });
  assert.equal(await replicationSlot.read(fixture, "", { ...fixture.slot, status: "ready" }), undefined);
  await replicationSlot.delete(fixture, "", { ...fixture.slot, status: "ready" });
});

test("applies a changed setting to the running connector, and changes nothing in a second update", {
  skip,
}, async (t) => {
  const fixture = await startConnectorFixture(t);
  const { id, state } = await connector.create(fixture, fixture.inputs);
  const next = withKeys(fixture.inputs, { "max.batch.size": "4096" });
  assert.deepEqual(connector.diff(state, next), [{ path: 'config["max.batch.size"]', how: "update" }]);
  const updated = await connector.update(fixture, id, state, next);
  assert.equal((await connector.read(fixture, id, updated))?.config["max.batch.size"], "4096");
  assert.deepEqual(connector.diff(updated, next), []);
});

test("reports refused and undefined keys together, before anything is created", {
  skip,
}, async (t) => {
  const fixture = await startConnectorFixture(t);
  const wrong = withKeys(fixture.inputs, {
    "max.bach.size": "1",
    "snapshot.mode": "never",
    "transforms.outbox.route.by.feild": "type",
    "database.port": "many",
  });
  const refusal = await refusalOf(connector.create(fixture, wrong));
  assert.match(refusal, /no key `max\.bach\.size`.*write `max\.batch\.size`/s);
  assert.match(refusal, /no key `transforms\.outbox\.route\.by\.feild`.*write `transforms\.outbox\.route\.by\.field`/s);
  assert.match(refusal, /`snapshot\.mode` is refused/);
  assert.match(refusal, /`database\.port` is refused\n {2}got: +many/);
  assert.equal(await fixture.connect.config(fixture.inputs.connector), undefined);
});

test("reports a missing plugin with the installed ones", { skip }, async (t) => {
  const fixture = await startConnectorFixture(t);
  const wrong = withKeys(fixture.inputs, { "connector.class": "io.debezium.connector.oracle.OracleConnector" });
  const refusal = await refusalOf(connector.create(fixture, wrong));
  assert.match(
    refusal,
    /lacks a connector plugin.*installed: .*io\.debezium\.connector\.postgresql\.PostgresConnector 3\./s,
  );
  assert.match(refusal, /expected: io\.debezium\.connector\.oracle\.OracleConnector/);
});

test("reports a task that fails for a missing publication, and completes after the repair", {
  skip,
}, async (t) => {
  const fixture = await startConnectorFixture(t);
  const lost = withKeys(fixture.inputs, { "publication.name": "nobody_made_it" });
  const refusal = await refusalOf(connector.create(fixture, lost));
  assert.match(refusal, /does not run: task 0 failed\n {2}got: .*Publication/);
  assert.match(refusal, /fix: .*"nobody_made_it"/);
  assert.match(refusal, /fix: .*tenantry up --refresh/);
  assert.doesNotMatch(refusal, /\n\s+at |Exception/);
  const { state } = await connector.create(fixture, fixture.inputs);
  assert.equal(state.state, "RUNNING");
});

test("restores a stopped, paused or deleted connector without losing an event", {
  skip,
}, async (t) => {
  const fixture = await startConnectorFixture(t);
  const { id, state } = await connector.create(fixture, fixture.inputs);
  await fixture.emit(3);
  await fixture.sent(3);

  await fixture.connect.stop(id);
  const stopped = await connector.read(fixture, id, state);
  assert(stopped);
  assert.deepEqual(connector.diff(stopped, fixture.inputs), [{ path: "state", how: "update" }]);
  await fixture.emit(3);
  await connector.update(fixture, id, stopped, fixture.inputs);
  await fixture.sent(6);

  await fixture.connect.delete(id);
  assert.equal(await connector.read(fixture, id, state), undefined);
  await fixture.emit(3);
  await connector.create(fixture, fixture.inputs);
  const sent = await fixture.sent(9);
  assert.equal(new Set(sent.map((record) => record.id)).size, 9);
  assert.equal(sent.length, 9);
});

test("deletes a connector and its slot only after all events are sent", {
  skip,
}, async (t) => {
  const fixture = await startConnectorFixture(t);
  const { id, state } = await connector.create(fixture, fixture.inputs);
  const slot = { ...fixture.slot, status: "ready" } as const;
  const failing = withKeys(fixture.inputs, { "publication.name": "nobody_made_it" });
  await refusalOf(connector.update(fixture, id, state, failing));
  await fixture.emit(3);
  const refusal = await refusalOf(connector.delete(fixture, id, state));
  assert.match(refusal, /is FAILED: slot \S+ holds events that were not sent[\s\S]*3 events[\s\S]*`lose-events /);
  assert.match(await refusalOf(replicationSlot.delete(fixture, "", slot)), /holds events that were not sent/);
  assert.deepEqual(await connector.read(fixture, id, state), { ...failing, state: "FAILED" });

  // The earlier failure must not count as a failure of the configuration that repairs it.
  await connector.update(fixture, id, { ...failing, state: "FAILED" }, fixture.inputs);
  await fixture.emit(2_000);
  await connector.delete(fixture, id, state);
  await replicationSlot.delete(fixture, "", slot);
  assert.equal(await replicationSlot.read(fixture, "", slot), undefined);
  const sent = await fixture.sent(2_003);
  assert.equal(new Set(sent.map((record) => record.id)).size, 2_003);
  assert.equal(sent.length, 2_003);
});

test("keeps a stopped connector with events to send, until the stack gives them up", { skip }, async (t) => {
  const fixture = await startConnectorFixture(t);
  const { id, state } = await connector.create(fixture, fixture.inputs);
  await fixture.connect.stop(id);
  await awaitStopped(fixture, id);
  await fixture.emit(2);
  assert.match(await refusalOf(connector.delete(fixture, id, state)), /is STOPPED[\s\S]*2 events/);
  fixture.allow.add(loseOptIn(fixture.slot.slot));
  await connector.delete(fixture, id, state);
  await replicationSlot.delete(fixture, "", { ...fixture.slot, status: "ready" });
  assert.equal(await fixture.connect.config(id), undefined);
});

test("refuses to continue after a dropped slot until the stack allows a replay, which sends every event", {
  skip,
}, async (t) => {
  const fixture = await startConnectorFixture(t);
  const { id, state } = await connector.create(fixture, fixture.inputs);
  await fixture.emit(4);
  await fixture.sent(4);

  await fixture.connect.stop(id);
  fixture.allow.add(loseOptIn(fixture.slot.slot));
  await replicationSlot.delete(fixture, "", { ...fixture.slot, status: "ready" });
  await fixture.emit(4);
  await replicationSlot.create(fixture, fixture.slot);
  await fixture.emit(4);
  const refusal = await refusalOf(connector.update(fixture, id, state, fixture.inputs));
  assert.match(refusal, /slot was dropped or lost/);
  assert.match(refusal, new RegExp(`add \`replay ${id}\` to \`tenantry:allow\``));

  fixture.allow.add(`replay ${id}`);
  await connector.update(fixture, id, state, fixture.inputs);
  const ids = (await fixture.run("SELECT id::text FROM tenantry.outbox ORDER BY id")).map((row) => row.id);
  const sent = (await fixture.sent(16)).map((record) => record.id);
  assert.deepEqual([...new Set(sent)].sort(), ids, "the 4 that nobody had sent, too");
  assert(fixture.logged.some((line) => /12 retained events are sent again/.test(line)));
});

test("replays closed partitions, and reports rows that it skips because the outbox would refuse them today", {
  skip,
}, async (t) => {
  const fixture = await startConnectorFixture(t);
  const { id, state } = await connector.create(fixture, fixture.inputs);
  await fixture.run(`CREATE TABLE tenantry.closed_partition (partition regclass, node integer);
    CREATE TABLE tenantry.outbox_old PARTITION OF tenantry.outbox FOR VALUES FROM ('2020-01-01') TO ('2020-01-02');
    INSERT INTO tenantry.outbox (tenant_id, created_at, aggregate_type, aggregate_id, type, payload)
      VALUES (gen_random_uuid(), '2020-01-01 12:00Z', 'order', 'o', 'Old', '{}');
    ALTER TABLE tenantry.outbox_old ADD CONSTRAINT partition_is_closed CHECK (false) NOT VALID;
    INSERT INTO tenantry.closed_partition VALUES ('tenantry.outbox_old', 0);
    INSERT INTO tenantry.outbox (tenant_id, aggregate_type, aggregate_id, type, payload)
      VALUES (gen_random_uuid(), 'gone', 'g', 'Gone', '{}')`);
  await fixture.sent(1);
  await fixture.connect.stop(id);
  await awaitStopped(fixture, id);
  await fixture.run(`ALTER TABLE tenantry.outbox ADD CHECK (aggregate_type = 'order') NOT VALID;
    INSERT INTO tenantry.outbox (tenant_id, aggregate_type, aggregate_id, type, payload)
      VALUES (gen_random_uuid(), 'order', 'o', 'New', '{}')`);
  fixture.allow.add(loseOptIn(fixture.slot.slot));
  await replicationSlot.delete(fixture, "", { ...fixture.slot, status: "ready" });
  await replicationSlot.create(fixture, fixture.slot);
  fixture.allow.add(`replay ${id}`);
  await connector.update(fixture, id, state, fixture.inputs);
  const types = (await fixture.sent(3)).map((record) => record.type);
  assert.deepEqual(types.sort(), ["New", "Old", "Old"]);
  assert.match(fixture.logged.join("\n"), /2 retained events are sent again.*1 of "gone" stay in "tenantry"."outbox"/s);
  const rest = await fixture.run(`SELECT aggregate_type, (SELECT count(*)::int FROM tenantry.closed_partition) AS closed
    FROM tenantry.outbox ORDER BY 1`);
  assert.deepEqual(
    rest.map(({ aggregate_type, closed }) => [aggregate_type, closed]),
    [
      ["gone", 0],
      ["order", 0],
      ["order", 0],
    ],
  );
});

test("switches from Debezium's class to tenantry's and back, and delivers every event once", {
  skip,
}, async (t) => {
  const fixture = await startConnectorFixture(t);
  const plain = withKeys(fixture.inputs, { "connector.class": debeziumClass });
  await fixture.emit(5);
  const { id, state } = await connector.create(fixture, plain);
  await fixture.sent(5);
  assert.deepEqual(connector.diff(state, fixture.inputs), [{ path: 'config["connector.class"]', how: "update" }]);
  const updated = await connector.update(fixture, id, state, fixture.inputs);
  assert.equal((await fixture.connect.config(id))?.["connector.class"], outboxClass);
  await fixture.emit(5);
  await fixture.sent(10);
  await connector.update(fixture, id, updated, plain);
  await fixture.emit(5);
  const sent = await fixture.sent(15);
  assert.equal(sent.length, 15);
  assert.equal(new Set(sent.map((record) => record.id)).size, 15);
});

test("uses Debezium's class if a worker lacks tenantry's, with a warning and without drift", {
  skip,
}, async (t) => {
  const fixture = await startConnectorFixture(t);
  const { connect } = fixture;
  const classes = (await connect.classes()).filter((name) => name !== outboxClass);
  const worker = { ...fixture, connect: Object.assign(Object.create(connect), { classes: async () => classes }) };
  const { id, state } = await connector.create(worker, fixture.inputs);
  assert.equal((await connect.config(id))?.["connector.class"], debeziumClass);
  assert.match(fixture.logged.join("\n"), new RegExp(`${id}: Debezium's own connector runs.*lacks ${outboxClass}`));
  await fixture.emit(3);
  await fixture.sent(3);

  const found = await connector.read(worker, id, state);
  assert(found);
  assert.deepEqual(connector.diff(found, fixture.inputs), []);
  const withClass = await connector.read(fixture, id, state);
  assert(withClass);
  const difference = [{ path: 'config["connector.class"]', how: "update" }] as const;
  assert.deepEqual(connector.diff(withClass, fixture.inputs), difference, "as soon as the worker has the class");
});

test("uses less than half of the CPU of Debezium's own class while idle", { skip }, async (t) => {
  const { pid } = stateOf(homeAt(dirname(process.env.TENANTRY_ENDPOINTS ?? "")), "connect");
  if (pid === undefined || Number.isNaN(cpuSeconds(pid))) return t.skip("needs the worker's /proc");
  const fixture = await startConnectorFixture(t);
  // Both figures include the worker's own work and Java's compiler, which has less to do for the second connector.
  const idle = async () => {
    await fixture.emit(1);
    await sleep(10_000);
    const before = cpuSeconds(pid);
    await sleep(10_000);
    return cpuSeconds(pid) - before;
  };
  const { id, state } = await connector.create(fixture, fixture.inputs);
  const ours = await idle();
  await connector.update(fixture, id, state, withKeys(fixture.inputs, { "connector.class": debeziumClass }));
  const theirs = await idle();
  assert.ok(ours < theirs / 2, `${ours} s against ${theirs} s of CPU in 10 s`);
});
