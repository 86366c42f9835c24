import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { DistributedTableInputs } from "../../architecture/data-plane/declaration";
import { distributedTable } from "../../provider/resources/distributed-table";
import { referenceTable } from "../../provider/resources/reference-table";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { type DatabaseFixture, fixtureAsAdministrator, startDatabaseFixture } from "./database-fixture";
import { skip } from "./servers";

/** Resources of an administrator whom row level security binds, as on managed databases. */

const orderOwner = {
  name: "order_owner",
  columns: ["tenant_id"],
  references: { schema: "shop", table: "tenants", columns: ["tenant_id"] },
  actions: "",
};
const orderCountry = {
  name: "order_country",
  columns: ["country"],
  references: { schema: "shop", table: "countries", columns: ["code"] },
  actions: "",
};
const tables: readonly DistributedTableInputs[] = [
  { schema: "shop", table: "tenants", column: "tenant_id", placement: { shardCount: 4 }, foreignKeys: [] },
  ...["orders", "visits"].map((table) => ({
    ...{ schema: "shop", table, column: "tenant_id", placement: { colocateWith: "shop.tenants" } },
    foreignKeys: [orderCountry, orderOwner],
  })),
];

/** Isolated tables with rows, whose declared foreign keys were dropped by hand. */
async function startBound(
  t: TestContext,
): Promise<{ readonly fixture: DatabaseFixture; readonly bound: DatabaseFixture }> {
  const fixture = await startDatabaseFixture(t);
  const bound = await fixtureAsAdministrator(t, fixture);
  await bound.database.locked((client) =>
    client.query(`CREATE SCHEMA shop;
    CREATE TABLE shop.countries (code text PRIMARY KEY);
    CREATE TABLE shop.tenants (tenant_id uuid PRIMARY KEY);
    CREATE TABLE shop.orders (tenant_id uuid, id int, country text, PRIMARY KEY (tenant_id, id));
    CREATE TABLE shop.visits (tenant_id uuid, at date, country text, PRIMARY KEY (tenant_id, at)) PARTITION BY RANGE (at);
    CREATE TABLE shop.visits_2026 PARTITION OF shop.visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`),
  );
  await referenceTable.create(bound, { schema: "shop", table: "countries", foreignKeys: [], grants: {} });
  if ((await fixture.database.facts).citus !== undefined) {
    await fixture.run(`ALTER DATABASE "${fixture.endpoint.database}" SET citus.propagate_set_commands = 'local'`);
  }
  for (const table of tables) await distributedTable.create(bound, { ...table, foreignKeys: [] });
  await fixture.run(`INSERT INTO shop.countries VALUES ('NO');
    INSERT INTO shop.tenants SELECT gen_random_uuid() FROM generate_series(1, 20);
    INSERT INTO shop.orders SELECT tenant_id, 1, 'NO' FROM shop.tenants;
    INSERT INTO shop.visits SELECT tenant_id, '2026-05-05', 'NO' FROM shop.tenants`);
  for (const { schema, table, column } of tables) {
    await tenantIsolation.create(bound, { schema, table, column, type: "uuid", grants: {} });
  }
  const seen = await bound.database.query("SELECT FROM shop.orders");
  assert.deepEqual(seen, [], "row level security binds the administrator");
  return { fixture, bound };
}

const forced =
  "SELECT count(*)::int AS tables FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relrowsecurity AND relforcerowsecurity";
const keys = `SELECT conrelid::regclass::text AS "table", conname AS key FROM pg_constraint
  WHERE connamespace = 'shop'::regnamespace AND contype = 'f' AND convalidated AND conparentid = 0 ORDER BY 1, 2`;

test("checks an added foreign key against all rows, also for an administrator whom row level security binds", {
  skip,
}, async (t) => {
  const { fixture, bound } = await startBound(t);
  const wrong = [
    { key: "order_country", tenant: "(SELECT min(tenant_id::text)::uuid FROM shop.tenants)", country: "XX" },
    { key: "order_owner", tenant: "gen_random_uuid()", country: "NO" },
  ];
  for (const table of tables.slice(1)) {
    const name = `shop.${table.table}`;
    for (const { key, tenant, country } of wrong) {
      await t.test(`${name} with a row that breaks ${key}`, async () => {
        await fixture.run(
          `INSERT INTO ${name} SELECT ${tenant}, ${name === "shop.orders" ? "2" : "'2026-06-06'"}, '${country}'`,
        );
        await assert.rejects(
          distributedTable.create(bound, table),
          new RegExp(`violates foreign key constraint "${key}`),
        );
        assert.deepEqual(await fixture.run(forced), [{ tables: 4 }]);
        await fixture.run(`DELETE FROM ${name} WHERE ${name === "shop.orders" ? "id = 2" : "at = '2026-06-06'"}`);
        // The foreign keys that stay without validation apply to new rows.
        for (const { key: each } of wrong) await fixture.run(`ALTER TABLE ${name} DROP CONSTRAINT IF EXISTS ${each}`);
      });
    }
    const { state } = await distributedTable.create(bound, table);
    assert.deepEqual(state.foreignKeys.map((found) => found.name).sort(), ["order_country", "order_owner"]);
  }
  assert.deepEqual(await fixture.run(keys), [
    { table: "shop.orders", key: "order_country" },
    { table: "shop.orders", key: "order_owner" },
    { table: "shop.visits", key: "order_country" },
    { table: "shop.visits", key: "order_owner" },
  ]);
  assert.deepEqual(await fixture.run(forced), [{ tables: 4 }]);
});

test("keeps rows and isolation of a redistributed table, for an administrator whom row level security binds", {
  skip,
}, async (t) => {
  const { fixture, bound } = await startBound(t);
  if ((await fixture.database.facts).citus === undefined) return t.skip("this server has no Citus");
  const [, orders] = tables;
  assert.ok(orders);
  const next = { ...orders, placement: { shardCount: 2 }, foreignKeys: [] };
  bound.allow.add("redistribute shop.orders");
  await distributedTable.update(bound, "shop.orders", { ...orders, foreignKeys: [], distributed: "yes" }, next);
  assert.deepEqual(await fixture.run("SELECT count(*)::int AS rows FROM shop.orders"), [{ rows: 20 }]);
  assert.deepEqual(await fixture.run(forced), [{ tables: 4 }]);
});
