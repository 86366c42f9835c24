import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import test from "node:test";
import { Client } from "pg";
import type { Application } from "../../architecture/application";
import { loadApplication } from "../../architecture/application-loader";
import { dataPlane } from "../../architecture/data-plane/data-plane";
import type { Declaration } from "../../architecture/data-plane/declaration";
import type { Connect } from "../../provider/connect/connect-state";
import { openDatabase } from "../../provider/postgres/postgres";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import type { Context } from "../../provider/protocol/resource-context";
import { resourceHandlers } from "../../provider/protocol/resource-handlers";
import { drift } from "../../verify/checks/drift";
import { eventSizes } from "../../verify/checks/event-sizes";
import { isolation } from "../../verify/checks/isolation";
import { partitions } from "../../verify/checks/partitions";
import { replication } from "../../verify/checks/replication";
import { verify } from "../../verify/verify";
import { externalSettings } from "../unit/external-settings";
import { freshDatabase, skip } from "./servers";

test("an application that removes all aggregates, and adds them again", { skip }, async (t) => {
  const fresh = await freshDatabase();
  const { endpoints } = fresh;
  const database = openDatabase(fresh, { citus: "auto" });
  const [admin, app] = [new Client(clientConfig(fresh)), new Client(clientConfig({ ...fresh, ...fresh.roles.app }))];
  await admin.connect();
  t.after(async () => {
    for (const client of [admin, app]) await client.end();
    await database.close();
    await fresh.drop();
  });
  const allow = new Set<string>();
  const said: string[] = [];
  const tell = (message: string) => void said.push(message);
  const signal = new AbortController().signal;
  const context: Context = { database, connect: {} as Connect, allow, log: tell, warn: tell, signal };
  const loaded = await loadApplication(join(__dirname, "..", "..", "sql", "ecommerce"));
  const silent: Application = { ...loaded.application, events: { ...loaded.application.events, aggregates: [] } };
  const declare = (application: Application) =>
    dataPlane(application, loaded.base, externalSettings({ endpoints }), endpoints.postgres.nodes).filter(
      ({ noun }) => noun !== "Connector",
    );
  const some = declare(loaded.application);
  const none = declare(silent);
  const handlerOf = ({ noun }: Declaration) => resourceHandlers.get(noun) ?? assert.fail(noun);
  // Acts on the kept states, as `up` would.
  const states = new Map<string, { id: string; state: object }>();
  const up = async (declarations: readonly Declaration[]) => {
    for (const each of declarations) {
      states.set(`${each.noun}/${each.name}`, await handlerOf(each).create(context, each.inputs));
    }
  };
  const remove = async (from: readonly Declaration[], to: readonly Declaration[]) => {
    const kept = new Set(to.map(({ noun, name }) => `${noun}/${name}`));
    for (const each of from.toReversed()) {
      const key = `${each.noun}/${each.name}`;
      const made = states.get(key);
      if (!kept.has(key) && made) await handlerOf(each).delete(context, made.id, made.state);
    }
    await up(to);
  };
  const tenant = randomUUID();
  const emit = async () => {
    await app.query("BEGIN");
    try {
      await app.query("SELECT tenantry.set_tenant($1)", [tenant]);
      await app.query("SELECT tenantry.emit($1, 'order', 'o', 'T', '{}')", [tenant]);
    } finally {
      await app.query("COMMIT");
    }
  };
  const look = async () => {
    const { rows } = await admin.query(`SELECT to_regclass('tenantry.outbox') IS NOT NULL AS "table",
      EXISTS (SELECT FROM pg_publication WHERE pubname = 'tenantry_outbox') AS publication,
      (SELECT count(*)::int FROM tenantry.guarded_partition_set) AS guarded,
      (SELECT count(*)::int FROM partman.part_config WHERE parent_table = 'tenantry.outbox') AS maintained`);
    return rows[0];
  };
  const failures = async (application: Application, declarations: readonly Declaration[]) => {
    const target = { application, endpoints, declarations, eventTimeoutMs: 1_000 };
    const reports = await verify(target, [drift, eventSizes, isolation, partitions, replication]);
    // These tests have no connector, and the background worker serves no test database.
    const expected = /nobody reads it|pg_partman_bgw works on other databases/;
    return reports
      .flatMap(({ findings }) => findings)
      .filter(({ outcome, seen }) => outcome === "fail" && !expected.test(seen));
  };

  await t.test("creates no outbox without aggregates, and consumers can still record processed events", async () => {
    await up(none);
    // Connects now, because database settings made by `up` apply to new sessions only.
    await app.connect();
    assert.deepEqual(await look(), { table: false, publication: false, guarded: 0, maintained: 0 });
    await assert.rejects(emit(), /relation "tenantry.outbox" does not exist/);
    await app.query("BEGIN");
    await app.query("SELECT tenantry.set_tenant($1)", [tenant]);
    await app.query("SELECT tenantry.process_once($1, 'consumer', gen_random_uuid())", [tenant]);
    await app.query("COMMIT");
    assert.deepEqual(await failures(silent, none), []);
  });

  await t.test("creates an outbox that accepts events when aggregates are added", async () => {
    await up(some);
    assert.deepEqual(await look(), { table: true, publication: true, guarded: 1, maintained: 1 });
    await emit();
  });

  await t.test(
    "keeps the outbox with its rows when all aggregates are removed, and lets nobody write to it",
    async () => {
      await assert.rejects(remove(some, none), /Slot \S+ on \S+ holds events that were not sent[\s\S]*1 events/);
      for (const { noun, inputs } of some) if (noun === "ReplicationSlot") allow.add(`lose-events ${inputs.slot}`);
      await remove(some, none);
      assert.deepEqual(await look(), { table: true, publication: true, guarded: 0, maintained: 0 });
      assert.match(said.join("\n"), /tenantry.outbox stays in the database with its rows/);
      await assert.rejects(emit(), /permission denied for table outbox/);
      assert.equal((await admin.query("SELECT FROM tenantry.outbox")).rowCount, 1);
      assert.deepEqual(await failures(silent, none), []);
    },
  );

  await t.test("takes over the kept outbox when aggregates are added again", async () => {
    await up(some);
    await emit();
    assert.equal((await admin.query("SELECT FROM tenantry.outbox")).rowCount, 2);
    assert.deepEqual(await failures(loaded.application, some), []);
  });

  await t.test("drops the outbox with the opt-in", async () => {
    allow.add("drop tenantry.outbox");
    await remove(some, none);
    assert.deepEqual(await look(), { table: false, publication: false, guarded: 0, maintained: 0 });
    assert.deepEqual(await failures(silent, none), []);
  });
});
