import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test, { type TestContext } from "node:test";
import type { Client } from "pg";
import { processedEvents } from "../../provider/resources/processed-events";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { lasting } from "../unit/lasting";
import { type DataPlaneDatabase, dataPlaneDatabase } from "./data-plane-database";
import { skip } from "./servers";

const wanted = {
  column: "tenant_id",
  type: "uuid",
  colocateWith: "ecommerce.tenants",
  retention: lasting("28 days"),
} as const;

async function withProcessedEvents(t: TestContext, allow: readonly string[] = []): Promise<DataPlaneDatabase> {
  const plane = await dataPlaneDatabase(allow);
  t.after(() => plane.close());
  await processedEvents.create(plane.context, wanted);
  await tenantIsolation.create(plane.context, {
    schema: "tenantry",
    table: "processed_events",
    column: "tenant_id",
    type: "uuid",
    grants: { ecommerce_app: ["SELECT", "INSERT", "DELETE"] },
  });
  return plane;
}

async function processOnce(client: Client, tenant: string, event: string, end: "COMMIT" | "ROLLBACK" = "COMMIT") {
  await client.query("BEGIN");
  await client.query("SELECT tenantry.set_tenant($1)", [tenant]);
  const { rows } = await client.query("SELECT tenantry.process_once($1, 'projection', $2) AS first", [tenant, event]);
  await client.query(end);
  return rows[0]?.first;
}

test("processed events on a real server", { skip }, async (t) => {
  const plane = await withProcessedEvents(t);
  const app = await plane.asRole("app");
  const [acme, globex] = [randomUUID(), randomUUID()] as const;

  await t.test("are created as declared", async () => {
    const { id, state } = await processedEvents.create(plane.context, wanted);
    assert.equal(id, "tenantry.processed_events");
    assert.deepEqual(processedEvents.diff(state, wanted), []);
    assert.deepEqual(await processedEvents.read(plane.context, id, state), state);
  });

  await t.test("count as new once for each tenant and consumer", async () => {
    const event = randomUUID();
    assert.equal(await processOnce(app, acme, event), true);
    assert.equal(await processOnce(app, acme, event), false);
    assert.equal(await processOnce(app, globex, event), true);
  });

  await t.test("count as new again after the work was rolled back", async () => {
    const event = randomUUID();
    assert.equal(await processOnce(app, acme, event, "ROLLBACK"), true);
    assert.equal(await processOnce(app, acme, event), true);
  });

  await t.test("reject a tenant other than the transaction's", async () => {
    await assert.rejects(
      app.query("SELECT tenantry.process_once($1, 'projection', $2)", [acme, randomUUID()]),
      /is not the tenant of this transaction \(none is set\)/,
    );
  });

  await t.test("of other tenants can't be deleted, and only the operator may run the operator's function", async () => {
    await app.query("BEGIN");
    await app.query("SELECT tenantry.set_tenant($1)", [randomUUID()]);
    assert.equal((await app.query("DELETE FROM tenantry.processed_events WHERE tenant_id = $1", [acme])).rowCount, 0);
    await app.query("COMMIT");
    await assert.rejects(app.query("SELECT tenantry.prune_processed_events()"), /permission denied/);
  });

  await t.test("are deleted past their retention, by consumers of the same tenant", async () => {
    const tenant = randomUUID();
    await plane.admin.query(
      `INSERT INTO tenantry.processed_events
       SELECT $1, 'projection', gen_random_uuid(), now() - interval '29 days' FROM generate_series(1, 3000)`,
      [tenant],
    );
    await app.query("BEGIN");
    await app.query("SELECT tenantry.set_tenant($1)", [tenant]);
    // One call in 256 deletes old rows, so among 5000 calls some almost certainly do.
    await app.query(
      "SELECT count(tenantry.process_once($1, 'projection', gen_random_uuid())) FROM generate_series(1, 5000)",
      [tenant],
    );
    await app.query("COMMIT");
    const { rows } = await plane.admin.query(
      "SELECT count(*)::int AS n FROM tenantry.processed_events WHERE tenant_id = $1 AND processed_at < now() - interval '28 days'",
      [tenant],
    );
    assert.ok(rows[0].n < 3000, `${rows[0].n} are left`);
  });

  await t.test("are deleted in batches by an operator", async () => {
    await plane.admin.query("TRUNCATE tenantry.processed_events");
    await plane.admin.query(
      `INSERT INTO tenantry.processed_events
       SELECT gen_random_uuid(), 'projection', gen_random_uuid(), now() - interval '29 days' FROM generate_series(1, 30)
       UNION ALL SELECT gen_random_uuid(), 'projection', gen_random_uuid(), now() FROM generate_series(1, 5)`,
    );
    const prune = async () =>
      (await plane.admin.query("SELECT tenantry.prune_processed_events(20)::int AS n")).rows[0].n;
    assert.deepEqual([await prune(), await prune(), await prune()], [20, 10, 0]);
  });
});

test("applies another retention of processed events, and shows drift", { skip }, async (t) => {
  const plane = await withProcessedEvents(t);
  const { id, state } = await processedEvents.create(plane.context, wanted);
  const next = { ...wanted, retention: lasting("2 months") };
  assert.deepEqual(processedEvents.diff(state, next), [{ path: "retention", how: "update" }]);
  const updated = await processedEvents.update(plane.context, id, state, next);
  const imported = (await processedEvents.read(plane.context, id, undefined)) ?? assert.fail();
  assert.deepEqual({ ...imported, colocateWith: updated.colocateWith }, updated);
  await plane.admin.query(
    "CREATE OR REPLACE FUNCTION tenantry.processed_events_retention() RETURNS interval RETURN interval '1 hour'",
  );
  const drifted = (await processedEvents.read(plane.context, id, updated)) ?? assert.fail();
  assert.deepEqual(processedEvents.diff(drifted, next), [{ path: "retention", how: "update" }]);
  assert.deepEqual(await processedEvents.update(plane.context, id, drifted, next), updated);
});

test("keeps processed events on delete, without the opt-in", { skip }, async (t) => {
  const kept = await withProcessedEvents(t);
  const { id, state } = await processedEvents.create(kept.context, wanted);
  await processedEvents.delete(kept.context, id, state);
  assert.notEqual(await processedEvents.read(kept.context, id, state), undefined);

  const allowed = await withProcessedEvents(t, ["drop tenantry.processed_events"]);
  await processedEvents.delete(allowed.context, id, state);
  assert.equal(await processedEvents.read(allowed.context, id, state), undefined);
});

test("rejects processed events with another tenant column", { skip }, async (t) => {
  const plane = await withProcessedEvents(t);
  await assert.rejects(processedEvents.create(plane.context, { ...wanted, type: "bigint" }), /by another column/);
});
