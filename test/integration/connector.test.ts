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
import { connector } from "../../provider/resources/connector";
import { replicationSlot } from "../../provider/resources/replication-slot";
import { refusalOf, startActingConnector } from "./acting-connector";
import { skip } from "./servers";

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}

function withKeys(inputs: ConnectorInputs, changes: Readonly<Record<string, string>>): ConnectorInputs {
  return { ...inputs, config: { ...inputs.config, ...changes } };
}

test("a connector runs, sends what was written before and after it, and is gone with its offsets when deleted", {
  skip,
}, async (t) => {
  const acting = await startActingConnector(t);
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
  const acting = await startActingConnector(t);
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
  const acting = await startActingConnector(t);
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
  const acting = await startActingConnector(t);
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
  const acting = await startActingConnector(t);
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
  const acting = await startActingConnector(t);
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
  const acting = await startActingConnector(t);
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

test("a replay leaves what the outbox would refuse today, says so, and sends what lies in closed partitions", {
  skip,
}, async (t) => {
  const acting = await startActingConnector(t);
  const { id, state } = await connector.create(acting, acting.inputs);
  await acting.run(`CREATE TABLE tenantry.closed_partition (partition regclass, node integer);
    CREATE TABLE tenantry.outbox_old PARTITION OF tenantry.outbox FOR VALUES FROM ('2020-01-01') TO ('2020-01-02');
    INSERT INTO tenantry.outbox (tenant_id, created_at, aggregate_type, aggregate_id, type, payload)
      VALUES (gen_random_uuid(), '2020-01-01 12:00Z', 'order', 'o', 'Old', '{}');
    ALTER TABLE tenantry.outbox_old ADD CONSTRAINT partition_is_closed CHECK (false) NOT VALID;
    INSERT INTO tenantry.closed_partition VALUES ('tenantry.outbox_old', 0);
    INSERT INTO tenantry.outbox (tenant_id, aggregate_type, aggregate_id, type, payload)
      VALUES (gen_random_uuid(), 'gone', 'g', 'Gone', '{}')`);
  await acting.sent(1);
  await acting.connect.stop(id);
  await awaitStopped(acting, id);
  await acting.run(`ALTER TABLE tenantry.outbox ADD CHECK (aggregate_type = 'order') NOT VALID;
    INSERT INTO tenantry.outbox (tenant_id, aggregate_type, aggregate_id, type, payload)
      VALUES (gen_random_uuid(), 'order', 'o', 'New', '{}')`);
  await replicationSlot.delete(acting, "", { ...acting.slot, status: "ready" });
  await replicationSlot.create(acting, acting.slot);
  acting.allow.add(`replay ${id}`);
  await connector.update(acting, id, state, acting.inputs);
  const types = (await acting.sent(3)).map((record) => record.type);
  assert.deepEqual(types.sort(), ["New", "Old", "Old"]);
  assert.match(acting.told.join("\n"), /2 retained events are sent again[^]*1 of "gone" stay in "tenantry"."outbox"/);
  const rest = await acting.run(`SELECT aggregate_type, (SELECT count(*)::int FROM tenantry.closed_partition) AS closed
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

test("a connector goes on from Debezium's own class to tenantry's and back: every event comes, and once", {
  skip,
}, async (t) => {
  const acting = await startActingConnector(t);
  const plain = withKeys(acting.inputs, { "connector.class": debeziumClass });
  await acting.emit(5);
  const { id, state } = await connector.create(acting, plain);
  await acting.sent(5);
  assert.deepEqual(connector.diff(state, acting.inputs), [{ path: 'config["connector.class"]', how: "update" }]);
  const updated = await connector.update(acting, id, state, acting.inputs);
  assert.equal((await acting.connect.config(id))?.["connector.class"], outboxClass);
  await acting.emit(5);
  await acting.sent(10);
  await connector.update(acting, id, updated, plain);
  await acting.emit(5);
  const sent = await acting.sent(15);
  assert.equal(sent.length, 15);
  assert.equal(new Set(sent.map((record) => record.id)).size, 15);
});

test("where a worker lacks tenantry's class Debezium's own takes its place, with a warning and without drift", {
  skip,
}, async (t) => {
  const acting = await startActingConnector(t);
  const { connect } = acting;
  const classes = (await connect.classes()).filter((name) => name !== outboxClass);
  const worker = { ...acting, connect: Object.assign(Object.create(connect), { classes: async () => classes }) };
  const { id, state } = await connector.create(worker, acting.inputs);
  assert.equal((await connect.config(id))?.["connector.class"], debeziumClass);
  assert.match(acting.told.join("\n"), new RegExp(`${id}: Debezium's own connector runs.*lacks ${outboxClass}`));
  await acting.emit(3);
  await acting.sent(3);

  const found = await connector.read(worker, id, state);
  assert(found);
  assert.deepEqual(connector.diff(found, acting.inputs), []);
  const withClass = await connector.read(acting, id, state);
  assert(withClass);
  const difference = [{ path: 'config["connector.class"]', how: "update" }] as const;
  assert.deepEqual(connector.diff(withClass, acting.inputs), difference, "as soon as the worker has the class");
});

test("an idle connector takes less than half of what Debezium's own takes", { skip }, async (t) => {
  const { pid } = stateOf(homeAt(dirname(process.env["TENANTRY_ENDPOINTS"] ?? "")), "connect");
  if (pid === undefined || Number.isNaN(cpuSeconds(pid))) return t.skip("needs the worker's /proc");
  const acting = await startActingConnector(t);
  // The worker's own work is part of both, and so is Java's compiler, which is done with the second sooner.
  const idle = async () => {
    await acting.emit(1);
    await sleep(10_000);
    const before = cpuSeconds(pid);
    await sleep(10_000);
    return cpuSeconds(pid) - before;
  };
  const { id, state } = await connector.create(acting, acting.inputs);
  const ours = await idle();
  await connector.update(acting, id, state, withKeys(acting.inputs, { "connector.class": debeziumClass }));
  const theirs = await idle();
  assert.ok(ours < theirs / 2, `${ours} s against ${theirs} s of CPU in 10 s`);
});
