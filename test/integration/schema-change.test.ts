import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg, { type Client } from "pg";
import type { Phase } from "../../architecture/changes/phase";
import { countDisagreements } from "../../provider/evolution/agreement";
import { readRecord } from "../../provider/evolution/change-record";
import { openDatabase } from "../../provider/postgres/postgres";
import { readerOf } from "../../provider/postgres/sql-statements";
import { schemaChange } from "../../provider/resources/schema-change";
import { type ChangedTable, changedTable, columnValue, totalInCents } from "./schema-change-table";
import { skip } from "./servers";

async function asTenant<T>(client: Client, tenant: string, work: () => Promise<T>): Promise<T> {
  await client.query("BEGIN");
  await client.query("SELECT tenantry.set_tenant($1)", [tenant]);
  const result = await work();
  await client.query("COMMIT");
  return result;
}

/** Inserts and updates rows as one release of the application, until it is stopped. Returns the number of transactions. */
function runRelease(client: Client, tenant: string, column: "total" | "total_cents") {
  const controller = new AbortController();
  const slowest = { ms: 0 };
  const run = async () => {
    let done = 0;
    while (!controller.signal.aborted) {
      const begun = Date.now();
      await asTenant(client, tenant, async () => {
        const id = randomUUID();
        await client.query(
          `INSERT INTO ecommerce.orders (tenant_id, order_id, placed_at, ${column}, name) VALUES ($1, $2, '2026-03-09', $3, 'Bo Li')`,
          [tenant, id, 1_200 + (done % 50)],
        );
        await client.query(
          `UPDATE ecommerce.orders SET ${column} = ${column} + 1 WHERE tenant_id = $1 AND order_id = $2 AND placed_at = '2026-03-09'`,
          [tenant, id],
        );
        // A row of before the change.
        await client.query(
          `UPDATE ecommerce.orders SET ${column} = ${column} + 1 WHERE tenant_id = $1 AND placed_at = '2026-01-05 00:07:00+00'`,
          [tenant],
        );
        const { rows } = await client.query(
          `SELECT ${column} AS value FROM ecommerce.orders WHERE tenant_id = $1 AND order_id = $2 AND placed_at = '2026-03-09'`,
          [tenant, id],
        );
        assert.equal(Number(rows[0]?.value), 1_201 + (done % 50));
      });
      slowest.ms = Math.max(slowest.ms, Date.now() - begun);
      done += 1;
    }
    return done;
  };
  const running = run();
  return {
    slowest,
    async stop() {
      controller.abort();
      return running;
    },
  };
}

async function sides(table: ChangedTable) {
  const { rows } = await table.plane.admin.query<{ wrong: string; all: string }>(
    "SELECT count(*) FILTER (WHERE total_cents IS DISTINCT FROM (total * 100)::bigint)::text AS wrong, count(*)::text AS all FROM ecommerce.orders",
  );
  return { wrong: Number(rows[0]?.wrong), all: Number(rows[0]?.all) };
}

test("a schema change serves the old and the new release in every phase", { skip }, async (t) => {
  const table = await changedTable(t);
  const { plane, tenants } = table;
  const [oldTenant, newTenant] = tenants;
  assert.ok(oldTenant && newTenant);
  const before = runRelease(await plane.asRole("app"), oldTenant, "total");
  await table.enter("expand");
  assert.ok((await table.columns()).includes("total_cents"));
  await table.enter("dual-write");
  const after = runRelease(await plane.asRole("app"), newTenant, "total_cents");
  const bothOnOne = runRelease(await plane.asRole("app"), oldTenant, "total_cents");
  await table.enter("backfill");
  await table.enter("switch-reads");
  const done = [await before.stop(), await after.stop(), await bothOnOne.stop()];
  assert.ok(
    done.every((transactions) => transactions > 3),
    String(done),
  );
  const { wrong, all } = await sides(table);
  assert.equal(wrong, 0);
  assert.equal(all, 3 * 3 * 200 + done.reduce((sum, each) => sum + each, 0));
  await assert.rejects(table.enter("contract"), /name columns which 085_total_in_cents drops ran since/);
  await table.enter("backfill");
  await table.enter("switch-reads");
  await sleep(1_200);
  await table.enter("contract");
  assert.deepEqual(await table.columns(), ["tenant_id", "order_id", "placed_at", "name", "total_cents"]);
  const last = runRelease(await plane.asRole("app"), newTenant, "total_cents");
  await sleep(200);
  assert.ok((await last.stop()) > 0);
  const { rows } = await plane.admin.query(
    "SELECT count(*)::int AS n FROM pg_trigger WHERE tgname LIKE 'tenantry_085%'",
  );
  assert.equal(rows[0]?.n, 0);
});

test("a schema change goes back from every phase before contract, and on again", { skip }, async (t) => {
  const table = await changedTable(t, undefined, 20);
  const way: Phase[] = [
    ...([
      "expand",
      "dual-write",
      "expand",
      "dual-write",
      "backfill",
      "dual-write",
      "backfill",
      "switch-reads",
    ] as const),
    ...(["backfill", "dual-write", "expand", "dual-write", "backfill", "switch-reads", "contract"] as const),
  ];
  for (const phase of way) {
    if (phase === "contract") await sleep(1_100);
    await table.enter(phase);
    const record = await readRecord(readerOf(table.plane.admin), totalInCents);
    assert.equal(record?.phase, phase);
    // The query names the old column, which contract would notice later.
    if (phase === "backfill") assert.deepEqual(await sides(table), { wrong: 0, all: 180 });
  }
});

test("a schema change that goes back to expand forgets what the new release wrote beside it", { skip }, async (t) => {
  const table = await changedTable(t, undefined, 5);
  await table.enter("expand");
  await table.enter("dual-write");
  await table.plane.admin.query("UPDATE ecommerce.orders SET total_cents = 700");
  await table.enter("expand");
  await table.plane.admin.query("UPDATE ecommerce.orders SET total = 9");
  await table.enter("dual-write");
  await table.enter("backfill");
  assert.deepEqual(await sides(table), { wrong: 0, all: 45 });
});

test("a schema change refuses", { skip }, async (t) => {
  const table = await changedTable(t, { ...totalInCents, soak: { count: 1, unit: "hour" } }, 5);
  const { context, admin } = table.plane;

  await t.test("to skip a phase", async () => {
    await assert.rejects(table.enter("backfill"), /can't go from its start to backfill[\s\S]*expand/);
    await table.enter("expand");
    await assert.rejects(table.enter("switch-reads"), /can't go from expand to switch-reads/);
  });

  await t.test("to change what it does in the middle", async () => {
    const edited = { ...table.in("dual-write"), drop: [columnValue("total", "total_cents * 1.0", "total_cents")] };
    await assert.rejects(schemaChange.create(context, edited), /was edited after it had begun/);
  });

  await t.test("to be removed in the middle", async () => {
    await table.enter("dual-write");
    await assert.rejects(schemaChange.delete(context, "id", table.in("dual-write")), /can't be removed in the middle/);
  });

  await t.test("to switch the readers while rows disagree", async () => {
    await table.enter("backfill");
    await admin.query("SET session_replication_role = replica");
    await admin.query("UPDATE ecommerce.orders_2026_01 SET total = 3.33 WHERE placed_at = '2026-01-05 00:03:00+00'");
    await admin.query("RESET session_replication_role");
    const citus = (await context.database.facts).citus !== undefined;
    if (citus) return;
    await assert.rejects(table.enter("switch-reads"), /In 3 row\(s\) of ecommerce.orders[\s\S]*disagree/);
    await admin.query("UPDATE ecommerce.orders SET total = 4 WHERE placed_at = '2026-01-05 00:03:00+00'");
  });

  await t.test("to contract before the soak time has passed, and while a view needs the column", async () => {
    await table.enter("switch-reads");
    await admin.query(
      "CREATE VIEW ecommerce.totals WITH (security_invoker) AS SELECT tenant_id, total FROM ecommerce.orders",
    );
    await assert.rejects(table.enter("contract"), /comes too early[\s\S]*still used in the database[\s\S]*totals/);
  });

  await t.test("to contract without the opt-in", async () => {
    const strict = { ...context, allow: new Set<string>() };
    await assert.rejects(schemaChange.create(strict, table.in("contract")), /add `contract 085_total_in_cents`/);
  });
});

test("a schema change that was stopped in the middle of its backfill goes on where it was", { skip }, async (t) => {
  const table = await changedTable(t, undefined, 300);
  await table.enter("expand");
  await table.enter("dual-write");
  const controller = new AbortController();
  const stopped = { ...table.plane.context, signal: controller.signal };
  setTimeout(() => controller.abort(), 150);
  await schemaChange.create(stopped, table.in("backfill")).catch(() => {});
  await table.enter("backfill");
  assert.deepEqual(await sides(table), { wrong: 0, all: 2_700 });
  assert.deepEqual(await countDisagreements(table.plane.context, totalInCents), { rows: 0 });
});

test("a schema change of a new, empty table goes to any phase at once", { skip }, async (t) => {
  const table = await changedTable(t, undefined, 0);
  await table.enter("contract");
  assert.deepEqual(await table.columns(), ["tenant_id", "order_id", "placed_at", "name", "total_cents"]);
});

test("a schema change splits a column and merges it again for the old release", { skip }, async (t) => {
  const split = {
    ...totalInCents,
    change: "090_name_in_two",
    add: [
      { ...columnValue("first_name", "split_part(name, ' ', 1)", "name"), type: "text", notNull: false },
      { ...columnValue("last_name", "substr(name, strpos(name, ' ') + 1)", "name"), type: "text", notNull: true },
    ],
    drop: [columnValue("name", "first_name || ' ' || last_name", "first_name", "last_name")],
  };
  const table = await changedTable(t, split, 10);
  for (const phase of ["expand", "dual-write"] as const) await table.enter(phase);
  const { admin } = table.plane;
  await admin.query(
    "UPDATE ecommerce.orders SET first_name = 'Grace', last_name = 'Hopper' WHERE placed_at = '2026-01-05 00:03:00+00'",
  );
  for (const phase of ["backfill", "switch-reads"] as const) await table.enter(phase);
  const { rows } = await admin.query(
    "SELECT DISTINCT name, first_name, last_name FROM ecommerce.orders WHERE placed_at < '2026-01-05 00:04:00+00' ORDER BY 1",
  );
  assert.deepEqual(rows, [
    { name: "Ada 1", first_name: "Ada", last_name: "1" },
    { name: "Ada 2", first_name: "Ada", last_name: "2" },
    { name: "Grace Hopper", first_name: "Grace", last_name: "Hopper" },
  ]);
});

test("a schema change of an administrator whom row level security binds reaches all tenants' rows", {
  skip,
}, async (t) => {
  const table = await changedTable(t, undefined, 10);
  const { admin, context, endpoint } = table.plane;
  if ((await context.database.facts).citus !== undefined) return t.skip("owners are tried on plain PostgreSQL");
  const user = `bound_${randomUUID().slice(0, 8)}`;
  const password = randomUUID();
  await admin.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
  const { rows } = await admin.query<{ name: string }>(
    "SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace = 'ecommerce'::regnamespace AND relkind IN ('r', 'p')",
  );
  for (const { name } of rows) await admin.query(`ALTER TABLE ${name} OWNER TO ${user}`);
  await admin.query(
    `GRANT ALL ON SCHEMA ecommerce, tenantry TO ${user}; GRANT ALL ON ALL TABLES IN SCHEMA tenantry TO ${user}`,
  );
  const database = openDatabase({ ...endpoint, user, password });
  t.after(async () => {
    await database.close();
    const last = new pg.Client({ ...endpoint, database: "postgres" });
    await last.connect();
    await last.query(`DROP ROLE ${user}`).finally(() => last.end());
  });
  const bound = { ...context, database };
  await assert.rejects(schemaChange.create(bound, table.in("contract")), /can't go from its start to contract/);
  for (const phase of ["expand", "dual-write", "backfill", "switch-reads"] as const) {
    await schemaChange.create(bound, table.in(phase));
    if (phase === "backfill") assert.deepEqual(await sides(table), { wrong: 0, all: 90 });
    const record = await readRecord(readerOf(admin), totalInCents);
    if (phase === "backfill") assert.equal(record?.backfilled?.rows, 90);
  }
  const forced = await admin.query(
    "SELECT count(*)::int AS n FROM pg_class WHERE relnamespace = 'ecommerce'::regnamespace AND relrowsecurity AND NOT relforcerowsecurity",
  );
  assert.equal(forced.rows[0]?.n, 0);
  await sleep(1_100);
  await schemaChange.create(bound, table.in("contract"));
  assert.ok(!(await table.columns()).includes("total"));
});
