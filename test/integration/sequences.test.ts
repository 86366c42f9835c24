import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import type { Grants, MigrationInputs, TenantIsolationInputs } from "../../architecture/data-plane/declaration";
import { readTableSnapshot } from "../../provider/postgres/table-snapshot";
import { distributedTable } from "../../provider/resources/distributed-table";
import { migration } from "../../provider/resources/migration";
import { referenceTable } from "../../provider/resources/reference-table";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { type DatabaseFixture, startDatabaseFixture } from "./database-fixture";
import { skip } from "./servers";

const tenant = "00000000-0000-0000-0000-00000000000a";
const isolation = (table: string, grants: Grants): TenantIsolationInputs => ({
  ...{ schema: "shop", table, column: "tenant_id", type: "uuid", grants },
});
const written: Grants = { shop_app: ["SELECT", "INSERT", "UPDATE", "DELETE"], shop_agent: ["SELECT"] };

let number = 10;
function file(...statements: string[]): MigrationInputs {
  return {
    path: `sql/shop/${++number}_more.sql`,
    hash: createHash("sha256").update(`${number} ${statements.join()}`).digest("hex"),
    statements: statements.map((sql, index) => ({ sql, line: index + 1 })),
    ...{ transaction: true, schema: "shop", apply: "once" },
    tables: { tenants: "tenant", orders: "tenant", bills: "tenant", countries: "reference", log: "local" },
  };
}

/** Tables of every class with numbers from an own sequence, a serial's sequence, and one that two tables share. */
async function startNumbered(t: test.TestContext): Promise<DatabaseFixture> {
  const fixture = await startDatabaseFixture(t);
  // With this setting a tenant's setting reaches Citus' workers. Without Citus it has no effect.
  await fixture.run(`ALTER DATABASE "${fixture.endpoint.database}" SET citus.propagate_set_commands = 'local'`);
  await migration.create(
    fixture,
    file(
      'CREATE SEQUENCE order_numbers; CREATE SEQUENCE shared_numbers; CREATE SEQUENCE line_numbers; CREATE SEQUENCE "Log\'s"',
      "CREATE TABLE tenants (tenant_id uuid PRIMARY KEY)",
      `CREATE TABLE orders (tenant_id uuid, id uuid DEFAULT gen_random_uuid(), n bigint DEFAULT nextval('order_numbers'),
         shared bigint DEFAULT nextval('shared_numbers'), PRIMARY KEY (tenant_id, id))`,
      `CREATE TABLE bills (tenant_id uuid, id uuid DEFAULT gen_random_uuid(),
         shared bigint DEFAULT nextval('shared_numbers'), PRIMARY KEY (tenant_id, id))`,
      "CREATE TABLE countries (id bigint PRIMARY KEY DEFAULT nextval('line_numbers'), code text)",
      `CREATE TABLE log (id bigserial PRIMARY KEY, n bigint DEFAULT nextval('"Log''s"'), text text)`,
      "GRANT USAGE ON SCHEMA shop TO shop_app, shop_agent",
      "GRANT SELECT, INSERT ON log TO shop_app; GRANT SELECT ON log TO shop_agent",
    ),
  );
  for (const table of ["tenants", "orders", "bills"]) {
    const placement = table === "tenants" ? { shardCount: 4 } : { colocateWith: "shop.tenants" };
    await distributedTable.create(fixture, { schema: "shop", table, column: "tenant_id", placement, foreignKeys: [] });
    await tenantIsolation.create(fixture, isolation(table, written));
  }
  await referenceTable.create(fixture, {
    ...{ schema: "shop", table: "countries", foreignKeys: [], grants: { shop_app: ["SELECT"] } },
  });
  return fixture;
}

const insertAs = (fixture: DatabaseFixture, role: string, table: string) =>
  fixture.runAs(
    role,
    "BEGIN",
    `SET LOCAL app.tenant_id = '${tenant}'`,
    `INSERT INTO shop.${table} (tenant_id) VALUES ('${tenant}')`,
    "COMMIT",
  );
const drawAs = (fixture: DatabaseFixture, role: string, sequence: string) =>
  fixture.runAs(role, `SELECT nextval('shop.${sequence}')`);
const denied = /permission denied for sequence/;

test("grants the sequences of a table's defaults only to roles that write it", { skip }, async (t) => {
  const fixture = await startNumbered(t);
  for (const table of ["orders", "bills"]) await insertAs(fixture, "app", table);
  await fixture.runAs("app", "INSERT INTO shop.log (text) VALUES ('x')");
  assert.deepEqual(await fixture.run("SELECT n FROM shop.log"), [{ n: "1" }]);
  for (const sequence of ["order_numbers", "shared_numbers", "line_numbers", "log_id_seq", "\"Log''s\""]) {
    await assert.rejects(drawAs(fixture, "agent", sequence), denied, sequence);
  }
  // Only files write a reference table.
  await assert.rejects(drawAs(fixture, "app", "line_numbers"), denied);
  await migration.create(fixture, file("INSERT INTO countries (code) VALUES ('NO')"));
});

test("revokes a sequence from a role that no longer writes, unless it writes another table with it", {
  skip,
}, async (t) => {
  const fixture = await startNumbered(t);
  const reading: Grants = { ...written, shop_app: ["SELECT"] };
  await tenantIsolation.update(
    fixture,
    "shop.orders",
    { ...isolation("orders", written), gaps: {}, surplus: {} },
    isolation("orders", reading),
  );
  await assert.rejects(drawAs(fixture, "app", "order_numbers"), denied);
  await insertAs(fixture, "app", "bills");
  await tenantIsolation.update(
    fixture,
    "shop.bills",
    { ...isolation("bills", written), gaps: {}, surplus: {} },
    isolation("bills", reading),
  );
  await assert.rejects(drawAs(fixture, "app", "shared_numbers"), denied);
});

test("shows a sequence revoked by hand as a lost privilege, and grants it again", { skip }, async (t) => {
  const fixture = await startNumbered(t);
  await fixture.run("REVOKE USAGE ON SEQUENCE shop.order_numbers FROM shop_app");
  const old = { ...isolation("orders", written), gaps: {}, surplus: {} };
  const snapshot = readTableSnapshot(fixture.database.query.bind(fixture.database));
  const seen = await tenantIsolation.readLive?.({ snapshot } as never, old);
  assert.ok(seen);
  assert.deepEqual(
    tenantIsolation.diff(seen, old).map(({ path }) => path),
    ['grants["shop_app"]'],
  );
  await tenantIsolation.update(fixture, "shop.orders", seen, old);
  await insertAs(fixture, "app", "orders");
});

test("grants the sequences of a local table as its files grant the table", { skip }, async (t) => {
  const fixture = await startNumbered(t);
  const addLine = (role: string) => fixture.runAs(role, "INSERT INTO shop.log (text) VALUES ('x')");
  await migration.create(fixture, file("GRANT INSERT (text) ON log TO shop_agent"));
  await addLine("agent");
  await migration.create(
    fixture,
    file("REVOKE INSERT (text) ON log FROM shop_agent; REVOKE INSERT ON log FROM shop_app"),
  );
  for (const role of ["agent", "app"]) {
    await assert.rejects(addLine(role), /permission denied/);
    await assert.rejects(drawAs(fixture, role, "log_id_seq"), denied);
  }
  const later = file(
    "CREATE SEQUENCE later",
    "ALTER TABLE log ALTER n SET DEFAULT nextval('later')",
    "GRANT INSERT ON log TO PUBLIC",
  );
  await migration.create(fixture, { ...later, transaction: false });
  await addLine("agent");
});
