import assert from "node:assert/strict";
import test from "node:test";
import type { DistributedTableInputs } from "../../architecture/data-plane/declaration";
import { distributedTable } from "../../provider/resources/distributed-table";
import { type DatabaseFixture, startDatabaseFixture } from "./database-fixture";
import { skip } from "./servers";

const tenants: DistributedTableInputs = {
  schema: "shop",
  table: "tenants",
  column: "tenant_id",
  placement: { shardCount: 4 },
  foreignKeys: [],
};

const orders: DistributedTableInputs = {
  schema: "shop",
  table: "orders",
  column: "tenant_id",
  placement: { colocateWith: "shop.tenants" },
  foreignKeys: [
    {
      name: "orders_tenant_id_fkey",
      columns: ["tenant_id"],
      references: { schema: "shop", table: "tenants", columns: ["tenant_id"] },
      actions: "ON DELETE CASCADE",
    },
  ],
};

async function startWithTables(t: test.TestContext): Promise<DatabaseFixture & { readonly citus: boolean }> {
  const fixture = await startDatabaseFixture(t);
  await fixture.run(`CREATE SCHEMA shop;
    CREATE TABLE shop.tenants (tenant_id uuid PRIMARY KEY, name text);
    CREATE TABLE shop.orders (tenant_id uuid, order_id uuid DEFAULT gen_random_uuid(), PRIMARY KEY (tenant_id, order_id))`);
  return { ...fixture, citus: (await fixture.database.facts).citus !== undefined };
}

const anna = "00000000-0000-0000-0000-00000000000a";

test("places tables with Citus, and adds their foreign keys everywhere", { skip }, async (t) => {
  const fixture = await startWithTables(t);
  const root = await distributedTable.create(fixture, tenants);
  const { id, state } = await distributedTable.create(fixture, orders);
  assert.equal(id, "shop.orders");
  assert.deepEqual(root.state, { ...tenants, distributed: fixture.citus ? "yes" : "impossible" });
  assert.deepEqual(state, { ...orders, distributed: fixture.citus ? "yes" : "impossible" });
  assert.deepEqual(distributedTable.diff(state, orders), []);
  assert.deepEqual(await distributedTable.read(fixture, "shop.orders", state), state);
  await assert.rejects(fixture.run(`INSERT INTO shop.orders (tenant_id) VALUES ('${anna}')`), /foreign key/);
  // The second run, as after a kill, has nothing to do and does not fail.
  assert.deepEqual((await distributedTable.create(fixture, orders)).state, state);
});

test("warns once for all tables without Citus", { skip }, async (t) => {
  const fixture = await startWithTables(t);
  if (fixture.citus) return t.skip("this server has Citus");
  await distributedTable.create(fixture, tenants);
  await distributedTable.create(fixture, orders);
  assert.equal(fixture.logged.filter((line) => /NO TABLE IS DISTRIBUTED/.test(line)).length, 1);
});

test("keeps existing rows, and validates them against new foreign keys in a second step", { skip }, async (t) => {
  const fixture = await startWithTables(t);
  await fixture.run(`INSERT INTO shop.orders (tenant_id) VALUES ('${anna}')`);
  await distributedTable.create(fixture, tenants);
  await assert.rejects(
    distributedTable.create(fixture, orders),
    /PostgreSQL refused: .*violates foreign key constraint/s,
  );
  const between = await distributedTable.read(fixture, "shop.orders", { ...orders, distributed: "impossible" });
  assert.deepEqual(between?.foreignKeys, [], "one that is not validated counts as missing");

  await fixture.run(`INSERT INTO shop.tenants VALUES ('${anna}')`);
  const { state } = await distributedTable.create(fixture, orders);
  assert.deepEqual(state.foreignKeys, orders.foreignKeys);
  assert.equal((await fixture.run("SELECT FROM shop.orders")).length, 1);
});

test("restores a foreign key that was dropped or changed by hand", { skip }, async (t) => {
  const fixture = await startWithTables(t);
  await distributedTable.create(fixture, tenants);
  const { state } = await distributedTable.create(fixture, orders);
  for (const change of ["", ", ADD CONSTRAINT orders_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES shop.tenants"]) {
    await fixture.run("ALTER TABLE shop.orders DROP CONSTRAINT orders_tenant_id_fkey");
    if (change) await fixture.run(`ALTER TABLE shop.orders ${change.slice(2)}`);
    const drifted = await distributedTable.read(fixture, "shop.orders", state);
    assert.ok(drifted);
    assert.deepEqual(distributedTable.diff(drifted, orders), [{ path: "foreignKeys", how: "update" }]);
    assert.deepEqual(
      (await distributedTable.update(fixture, "shop.orders", drifted, orders)).foreignKeys,
      orders.foreignKeys,
    );
  }
});

test("adds foreign keys to a partitioned table", { skip }, async (t) => {
  const fixture = await startWithTables(t);
  await fixture.run(`CREATE TABLE shop.events (tenant_id uuid, at date, PRIMARY KEY (tenant_id, at)) PARTITION BY RANGE (at);
    CREATE TABLE shop.events_1 PARTITION OF shop.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    INSERT INTO shop.tenants VALUES ('${anna}'); INSERT INTO shop.events VALUES ('${anna}', '2026-05-05')`);
  await distributedTable.create(fixture, tenants);
  const events = {
    ...orders,
    table: "events",
    foreignKeys: orders.foreignKeys.map((key) => ({ ...key, name: "events_fk" })),
  };
  const { state } = await distributedTable.create(fixture, events);
  assert.deepEqual(distributedTable.diff(state, events), []);
  assert.equal((await fixture.run("SELECT FROM shop.events")).length, 1);
});

test("keeps the table and its rows on delete, without the opt-in", { skip }, async (t) => {
  const fixture = await startWithTables(t);
  const { state } = await distributedTable.create(fixture, tenants);
  await distributedTable.delete(fixture, "shop.tenants", state);
  assert.match(
    fixture.logged.join(),
    /shop\.tenants stays in the database with its rows; to drop it, add `drop shop\.tenants`/,
  );
  assert.ok(await distributedTable.read(fixture, "shop.tenants", state));

  fixture.allow.add("drop shop.tenants");
  await distributedTable.delete(fixture, "shop.tenants", state);
  await distributedTable.delete(fixture, "shop.tenants", state);
  assert.equal(await distributedTable.read(fixture, "shop.tenants", state), undefined);
});

test("does not drop a table that other tables refer to", { skip }, async (t) => {
  const fixture = await startWithTables(t);
  const { state } = await distributedTable.create(fixture, tenants);
  await distributedTable.create(fixture, orders);
  fixture.allow.add("drop shop.tenants");
  await assert.rejects(distributedTable.delete(fixture, "shop.tenants", state), /other objects depend on it/);
});

test("imports the table's key and foreign keys", { skip }, async (t) => {
  const fixture = await startWithTables(t);
  await distributedTable.create(fixture, tenants);
  await distributedTable.create(fixture, orders);
  const found = await distributedTable.read(fixture, "shop.orders", undefined);
  assert.ok(found);
  assert.deepEqual(distributedTable.diff(found, orders), []);
  assert.deepEqual(distributedTable.check?.(found, orders, new Set()), []);
});

test("rejects a missing table", { skip }, async (t) => {
  const fixture = await startDatabaseFixture(t);
  await assert.rejects(distributedTable.create(fixture, tenants), /There is no table shop\.tenants in the database/);
});
