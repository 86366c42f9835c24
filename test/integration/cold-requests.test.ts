import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { requestPlacesOf } from "../../lifecycle/retrieval/cold-request";
import { serveRequests } from "../../lifecycle/retrieval/retrieval-worker";
import { connect } from "../../provider/postgres/postgres-connection";
import { acme, type ColdDatabase, checksum, coldApplication, coldDatabase, globex, january } from "./cold-database";
import { skip } from "./servers";

async function ask(
  cold: ColdDatabase,
  role = "app",
  tenant = acme,
  [from, until]: readonly string[] = january,
  form = "rows",
) {
  const [row] = await cold.as(role, tenant, "SELECT tenantry.request_cold($1, 'orders', $2, $3, $4) AS id", [
    ...[tenant, from, until, form],
  ]);
  return row?.id as string;
}

async function status(cold: ColdDatabase, id: string, tenant = acme, role = "app") {
  const [row] = await cold.as(role, tenant, "SELECT * FROM tenantry.cold_status($1, $2)", [tenant, id]);
  return row as
    | { state: string; relations: string[]; reason: string | null; rows_done: string; files: number }
    | undefined;
}

const events = async ({ admin }: ColdDatabase, id: string) =>
  (
    await admin.query<{ type: string }>(
      "SELECT type FROM tenantry.outbox WHERE aggregate_id = $1 ORDER BY created_at, type",
      [id],
    )
  ).rows.map(({ type }) => type);

test("a request for cold rows", { skip }, async (t) => {
  const cold = await coldDatabase(t);

  await t.test("restores the tenant's rows only, value by value, and tells of it", async () => {
    assert.deepEqual((await cold.admin.query("SELECT 1 FROM ecommerce.orders")).rows, []);
    const id = await ask(cold);
    assert.equal((await status(cold, id))?.state, "asked");
    const { ready, failures } = await cold.serve();
    assert.deepEqual(failures, []);
    assert.equal(ready, 1);
    const found = await status(cold, id);
    assert.equal(found?.state, "ready");
    const [relation = ""] = found?.relations ?? [];
    assert.equal(await checksum(cold.admin, relation, acme), cold.before.get(acme));
    const { rows } = await cold.admin.query(`SELECT DISTINCT tenant_id FROM ${relation}`);
    assert.deepEqual(rows, [{ tenant_id: acme }]);
    assert.deepEqual(await events(cold, id), ["ColdRequestAsked", "ColdRequestReady"]);
  });

  await t.test("of one tenant shows another one nothing, as any role", async () => {
    const id = await ask(cold);
    await cold.serve();
    const [relation = ""] = (await status(cold, id))?.relations ?? [];
    for (const role of ["app", "agent"]) {
      assert.equal(await status(cold, id, globex, role), undefined);
      assert.deepEqual(await cold.as(role, globex, `SELECT 1 FROM ${relation}`), []);
      assert.equal((await cold.as(role, acme, `SELECT 1 FROM ${relation} WHERE tenant_id = $1`, [acme])).length, 744);
      await assert.rejects(cold.as(role, acme, `DELETE FROM ${relation}`), /permission denied/);
      await assert.rejects(
        cold.as(role, globex, "SELECT tenantry.request_cold($1, 'orders', '2023-01-01', '2023-02-01')", [acme]),
        /is not the tenant of this transaction/,
      );
      await assert.rejects(
        cold.as(role, acme, "UPDATE tenantry.cold_retrieval SET state = 'ready'"),
        /permission denied/,
      );
    }
    assert.deepEqual(await cold.as("app", globex, "SELECT tenantry.cancel_cold($1, $2) AS done", [globex, id]), [
      { done: false },
    ]);
  });

  await t.test("is cancelled by its tenant, which drops the rows", async () => {
    const [open] = (await cold.as(
      "app",
      acme,
      "SELECT id FROM tenantry.cold_request WHERE cancelled_at IS NULL LIMIT 1",
    )) as { id: string }[];
    const id = open?.id ?? "";
    const [relation = ""] = (await status(cold, id))?.relations ?? [];
    await cold.as("agent", acme, "SELECT tenantry.cancel_cold($1, $2)", [acme, id]);
    assert.deepEqual([(await status(cold, id))?.state, (await status(cold, id))?.relations], ["cancelled", []]);
    await cold.serve();
    await assert.rejects(cold.admin.query(`SELECT FROM ${relation}`), /does not exist/);
  });

  await t.test("expires, which drops the rows and tells of it", async () => {
    const id = await ask(cold, "agent");
    await cold.serve();
    const [relation = ""] = (await status(cold, id))?.relations ?? [];
    await cold.admin.query("UPDATE tenantry.cold_retrieval SET expires_at = now() WHERE request_id = $1", [id]);
    assert.deepEqual([(await status(cold, id))?.state, (await status(cold, id))?.relations], ["expired", []]);
    await cold.serve();
    await assert.rejects(cold.admin.query(`SELECT FROM ${relation}`), /does not exist/);
    // The agent may write no events, so the worker has told that it was asked.
    assert.deepEqual(await events(cold, id), ["ColdRequestAsked", "ColdRequestReady", "ColdRequestExpired"]);
  });

  await t.test("has the rows of its time only", async () => {
    const id = await ask(cold, "app", globex, ["2023-01-31T22:00Z", "2023-02-01T02:00Z"]);
    await cold.serve();
    const found = await status(cold, id, globex);
    assert.deepEqual([found?.state, found?.files, found?.rows_done], ["ready", 2, "4"]);
    const none = await ask(cold, "app", globex, ["2030-01-01Z", "infinity"]);
    await cold.serve();
    const empty = await status(cold, none, globex);
    assert.equal(empty?.state, "ready");
    assert.deepEqual(await cold.as("app", globex, `SELECT 1 FROM ${empty?.relations[0]}`), []);
  });

  await t.test("is refused for what it can't be about", async () => {
    const request = (table: string, from: string | null, until: string, form = "rows") =>
      cold.as("app", globex, "SELECT tenantry.request_cold($1, $2, $3, $4, $5)", [globex, table, from, until, form]);
    await assert.rejects(request("customers", ...january), /the table 'customers' has no cold tier/);
    await assert.rejects(request("orders", january[1], january[0]), /is empty/);
    await assert.rejects(request("orders", null, january[0]), /is empty/);
    await assert.rejects(request("orders", ...january, "csv"), /as rows or as files/);
    assert.match(((await request("ecommerce.orders", ...january))[0]?.request_cold as string) ?? "", /^[0-9a-f-]{36}$/);
    await assert.rejects(request("orders", ...january), /has 3 open requests for cold rows, and may have 3/);
  });

  await t.test("that waits is noted for alerts, with the time at which it was asked", async () => {
    await cold.admin.query("UPDATE tenantry.cold_request SET cancelled_at = now()");
    await cold.serve();
    const id = await ask(cold, "app", globex);
    const key = "hashtext('tenantry.cold_request'), hashtext($1)";
    // As long as another worker has it.
    await cold.admin.query(`SELECT pg_advisory_lock(${key})`, [id]);
    const client = await connect(cold.endpoint);
    const stopping = new AbortController();
    const places = requestPlacesOf(coldApplication());
    const context = { client, store: cold.store, places, tell: () => {}, signal: stopping.signal };
    const serving = serveRequests(context, 50);
    const noted = async () =>
      (
        await cold.admin.query<{ waiting: number; same: boolean }>(
          `SELECT waiting, oldest_at = (SELECT date_trunc('milliseconds', asked_at) FROM tenantry.cold_request WHERE id = $1) AS same
           FROM tenantry.lifecycle_activity WHERE activity = 'requests'`,
          [id],
        )
      ).rows;
    for (const deadline = Date.now() + 30_000; Date.now() < deadline && (await noted()).length === 0; ) await sleep(50);
    stopping.abort();
    await serving;
    await client.end();
    assert.deepEqual(await noted(), [{ waiting: 1, same: true }]);
    await cold.admin.query(`SELECT pg_advisory_unlock(${key})`, [id]);
    assert.equal((await cold.serve()).ready, 1);
  });
});

test("a role that may not read the table can't ask for its rows, nor read what others restored", {
  skip,
}, async (t) => {
  const cold = await coldDatabase(t);
  await cold.admin.query("REVOKE SELECT ON ecommerce.orders FROM ecommerce_agent");
  await assert.rejects(ask(cold, "agent"), /may not read the table/);
  // Around the function.
  await cold.as(
    "agent",
    acme,
    "INSERT INTO tenantry.cold_request (tenant_id, table_name, from_time, until_time, form) VALUES ($1, 'orders', '2023-01-01Z', '2023-02-01Z', 'rows')",
    [acme],
  );
  await cold.serve();
  const [got] = (await cold.as("agent", acme, "SELECT relations FROM tenantry.cold_retrieval WHERE tenant_id = $1", [
    acme,
  ])) as {
    relations: string[];
  }[];
  await assert.rejects(cold.as("agent", acme, `SELECT FROM ${got?.relations[0]}`), /permission denied/);
});

test("limits hold for requests that go around the function", { skip }, async (t) => {
  const cold = await coldDatabase(t, { rowsPerDay: 1500 });
  const insert = () =>
    cold.as(
      "app",
      acme,
      `INSERT INTO tenantry.cold_request (tenant_id, table_name, from_time, until_time, form, asked_at)
       VALUES ($1, 'orders', '2023-01-01Z', '2023-02-01Z', 'rows', now() - interval '9 days') RETURNING id`,
      [acme],
    );
  for (let i = 0; i < 5; i++) await insert();
  const { ready, failures } = await cold.serve();
  assert.deepEqual([ready, failures.length], [2, 3]);
  assert.match(failures[0]?.failure.reason ?? "", /has up to 744 rows, and the tenant has 12 left of 1500 in 24 hours/);
  const rows = await cold.as("app", acme, "SELECT state, reason FROM tenantry.cold_retrieval WHERE state = 'failed'");
  assert.equal(rows.length, 3);
  const others = await ask(cold, "app", globex);
  await cold.serve();
  assert.equal((await status(cold, others, globex))?.state, "ready");
});
