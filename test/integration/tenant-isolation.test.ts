import assert from "node:assert/strict";
import test from "node:test";
import type { TenantIsolationInputs } from "../../architecture/data-plane/declaration";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { type DatabaseFixture, startDatabaseFixture } from "./database-fixture";
import { skip } from "./servers";

const inputs: TenantIsolationInputs = {
  schema: "shop",
  table: "orders",
  column: "tenant_id",
  type: "uuid",
  grants: { shop_app: ["SELECT", "INSERT", "UPDATE", "DELETE"], shop_agent: ["SELECT"] },
};

const [anna, bert] = ["00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"];

async function startWithOrders(t: test.TestContext): Promise<DatabaseFixture> {
  const fixture = await startDatabaseFixture(t);
  await fixture.run(`
    CREATE SCHEMA shop;
    CREATE TABLE shop.orders (tenant_id uuid, placed_on date, note text, PRIMARY KEY (tenant_id, placed_on)) PARTITION BY RANGE (placed_on);
    CREATE TABLE shop.orders_2026 PARTITION OF shop.orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY RANGE (placed_on);
    CREATE TABLE shop.orders_2026_11 PARTITION OF shop.orders_2026 FOR VALUES FROM ('2026-11-01') TO ('2026-12-01');
    INSERT INTO shop.orders VALUES ('${anna}', '2026-11-02', 'of Anna'), ('${bert}', '2026-11-03', 'of Bert')`);
  return fixture;
}

const as = (tenant: string, sql: string) => ["BEGIN", `SET LOCAL app.tenant_id = '${tenant}'`, sql];

test("shows a tenant only its own rows, and no rows without a tenant", { skip }, async (t) => {
  const fixture = await startWithOrders(t);
  const { id, state } = await tenantIsolation.create(fixture, inputs);
  assert.equal(id, "shop.orders");
  assert.deepEqual(state, { ...inputs, grants: sorted(inputs.grants), gaps: {}, surplus: {} });

  assert.deepEqual(await fixture.runAs("app", "SELECT note FROM shop.orders"), []);
  assert.deepEqual(await fixture.runAs("app", ...as(anna, "SELECT note FROM shop.orders")), [{ note: "of Anna" }]);
  await assert.rejects(
    fixture.runAs("app", ...as(anna, `INSERT INTO shop.orders VALUES ('${bert}', '2026-11-09')`)),
    /row-level security/,
  );
  await assert.rejects(fixture.runAs("agent", ...as(anna, "DELETE FROM shop.orders")), /permission denied/);
  await assert.rejects(fixture.runAs("app", ...as(anna, "SELECT * FROM shop.orders_2026_11")), /permission denied/);
});

test("does not change existing isolation", { skip }, async (t) => {
  const fixture = await startWithOrders(t);
  await tenantIsolation.create(fixture, inputs);
  const before = await fixture.run("SELECT txid_current()::int AS xid");
  const { state } = await tenantIsolation.create(fixture, inputs);
  const after = await fixture.run("SELECT txid_current()::int AS xid");
  assert.equal(Number(after[0]?.xid), Number(before[0]?.xid) + 1);
  assert.deepEqual(tenantIsolation.diff(state, inputs), []);
  assert.deepEqual(
    tenantIsolation.diff((await tenantIsolation.read(fixture, "shop.orders", state)) ?? state, inputs),
    [],
  );
});

const drifts = [
  [
    "row security switched off",
    "ALTER TABLE shop.orders_2026_11 DISABLE ROW LEVEL SECURITY",
    'gaps["shop.orders_2026_11"]',
  ],
  ["row security no longer forced", "ALTER TABLE shop.orders NO FORCE ROW LEVEL SECURITY", 'gaps["shop.orders"]'],
  ["a policy dropped", "DROP POLICY tenant_isolation ON shop.orders_2026", 'gaps["shop.orders_2026"]'],
  ["a policy opened", "ALTER POLICY tenant_isolation ON shop.orders USING (true)", 'gaps["shop.orders"]'],
  [
    "a policy opened for writing",
    `ALTER POLICY tenant_isolation ON shop.orders WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid OR true)`,
    'gaps["shop.orders"]',
  ],
  ["a policy for one role only", "ALTER POLICY tenant_isolation ON shop.orders TO shop_app", 'gaps["shop.orders"]'],
  ["a second policy", "CREATE POLICY everything ON shop.orders FOR SELECT USING (true)", 'gaps["shop.orders"]'],
  ["a privilege revoked", "REVOKE INSERT ON shop.orders FROM shop_app", 'grants["shop_app"]'],
  ["a privilege added", "GRANT DELETE ON shop.orders TO shop_agent", 'grants["shop_agent"]'],
  ["TRUNCATE granted, which no policy stops", "GRANT TRUNCATE ON shop.orders TO shop_app", "surplus"],
  ["something granted to everybody", "GRANT SELECT ON shop.orders TO PUBLIC", "surplus"],
  ["the schema closed", "REVOKE USAGE ON SCHEMA shop FROM shop_agent", 'grants["shop_agent"]'],
] as const;

test("shows every drift in the next diff, and repairs exactly that", { skip }, async (t) => {
  const fixture = await startWithOrders(t);
  const { state } = await tenantIsolation.create(fixture, inputs);
  for (const [what, sql, path] of drifts) {
    await fixture.run(sql);
    const drifted = await tenantIsolation.read(fixture, "shop.orders", state);
    assert.ok(drifted, what);
    assert.deepEqual(tenantIsolation.diff(drifted, inputs), [{ path, how: "update" }], what);
    const lines = tenantIsolation.preview(drifted, inputs);
    assert.ok(lines.length > 0 && lines.length < 4, `${what}: ${lines.join("; ")}`);
    const repaired = await tenantIsolation.update(fixture, "shop.orders", drifted, inputs);
    assert.deepEqual(tenantIsolation.diff(repaired, inputs), [], what);
  }
});

test("keeps an operator's restrictive policy, because it narrows access", { skip }, async (t) => {
  const fixture = await startWithOrders(t);
  const { state } = await tenantIsolation.create(fixture, inputs);
  await fixture.run("CREATE POLICY narrow ON shop.orders AS RESTRICTIVE USING (note IS NOT NULL)");
  const found = await tenantIsolation.read(fixture, "shop.orders", state);
  assert.deepEqual(found?.gaps, {});
});

test("revokes the privileges of a role that was removed from the declaration", { skip }, async (t) => {
  const fixture = await startWithOrders(t);
  const { state } = await tenantIsolation.create(fixture, inputs);
  const next = { ...inputs, grants: { shop_app: ["SELECT"] } } as const;
  assert.deepEqual(
    tenantIsolation.diff(state, next).map(({ path }) => path),
    ['grants["shop_agent"]', 'grants["shop_app"]'],
  );
  await tenantIsolation.update(fixture, "shop.orders", state, next);
  await assert.rejects(fixture.runAs("agent", "SELECT * FROM shop.orders"), /permission denied/);
  await assert.rejects(fixture.runAs("app", "DELETE FROM shop.orders"), /permission denied/);
});

test("revokes the privileges on delete, and keeps row security", { skip }, async (t) => {
  const fixture = await startWithOrders(t);
  const { state } = await tenantIsolation.create(fixture, inputs);
  await tenantIsolation.delete(fixture, "shop.orders", state);
  await assert.rejects(fixture.runAs("app", ...as(anna, "SELECT * FROM shop.orders")), /permission denied/);
  const found = await tenantIsolation.read(fixture, "shop.orders", state);
  assert.deepEqual(found?.gaps, {});
  assert.match(fixture.logged.join(), /keeps its row level security/);
});

test("imports the column, its type and the grants", { skip }, async (t) => {
  const fixture = await startWithOrders(t);
  await tenantIsolation.create(fixture, inputs);
  const found = await tenantIsolation.read(fixture, "shop.orders", undefined);
  assert.deepEqual(found, { ...inputs, grants: sorted(inputs.grants), gaps: {}, surplus: {} });
});

test("rejects a missing table, and reads it as missing", { skip }, async (t) => {
  const fixture = await startDatabaseFixture(t);
  await assert.rejects(tenantIsolation.create(fixture, inputs), /There is no table shop\.orders in the database/);
  assert.equal(await tenantIsolation.read(fixture, "shop.orders", undefined), undefined);
});

test("recognises every tenant type, and a quoted column, as PostgreSQL prints them", {
  skip,
}, async (t) => {
  const fixture = await startDatabaseFixture(t);
  const spelt = [
    ["uuid", "0193F7A0-0000-7000-8000-00000000000A"],
    ["bigint", "007"],
    ["integer", "-7"],
    ["text", "o'neill \\ (sons)"],
  ] as const;
  for (const [type, onlyTenant] of spelt) {
    const odd = {
      ...inputs,
      schema: "Odd Schema",
      table: `t "${type}"`,
      column: 'the "Tenant" select',
      type,
      grants: {},
    };
    await fixture.run(
      `CREATE SCHEMA IF NOT EXISTS "Odd Schema"; CREATE TABLE "Odd Schema"."t ""${type}""" ("the ""Tenant"" select" ${type} PRIMARY KEY)`,
    );
    const { state } = await tenantIsolation.create(fixture, odd);
    assert.deepEqual(state.gaps, {});
    assert.deepEqual((await tenantIsolation.create(fixture, { ...odd, onlyTenant })).state.gaps, {});
  }
});

function sorted(grants: TenantIsolationInputs["grants"]): TenantIsolationInputs["grants"] {
  return Object.fromEntries(Object.entries(grants).map(([role, privileges]) => [role, privileges.toSorted()]));
}
