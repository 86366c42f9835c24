import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { MigrationInputs } from "../../architecture/data-plane/declaration";
import { migration } from "../../provider/resources/migration";
import { type DatabaseFixture, fixtureAsAdministrator, startDatabaseFixture } from "./database-fixture";
import { migrationFile } from "./migration-file";
import { skip } from "./servers";

/** Rows of two tenants under forced row level security, created by an administrator of a managed database. */
async function startBound(
  t: TestContext,
): Promise<{ readonly fixture: DatabaseFixture; readonly bound: DatabaseFixture }> {
  const fixture = await startDatabaseFixture(t);
  const bound = await fixtureAsAdministrator(t, fixture);
  const isolated = (table: string) => [
    `CREATE POLICY tenant_isolation ON ${table} USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)`,
    `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
  ];
  const made = migrationFile([
    "CREATE TABLE owners (tenant_id uuid PRIMARY KEY)",
    "CREATE TABLE items (tenant_id uuid NOT NULL, name text NOT NULL, lower_name text)",
    "CREATE TABLE orders (tenant_id uuid NOT NULL, at date NOT NULL, note text) PARTITION BY RANGE (at)",
    "CREATE TABLE orders_2026 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "INSERT INTO owners VALUES (gen_random_uuid()), (gen_random_uuid())",
    "INSERT INTO items SELECT tenant_id, name FROM owners, (VALUES ('A'), ('B')) AS names (name)",
    "INSERT INTO orders SELECT tenant_id, '2026-05-05' FROM owners",
  ]);
  const tables = { owners: "tenant", items: "tenant", orders: "tenant" } as const;
  await migration.create(bound, { ...made, tables });
  if ((await fixture.database.facts).citus !== undefined) {
    await fixture.run(`ALTER DATABASE "${fixture.endpoint.database}" SET citus.propagate_set_commands = 'local'`);
    for (const table of Object.keys(tables)) {
      await bound.database.locked((client) =>
        client.query(
          `SELECT create_distributed_table('shop.${table}', 'tenant_id', shard_count => 4), truncate_local_data_after_distributing_table('shop.${table}')`,
        ),
      );
    }
  }
  const isolating = ["owners", "items", "orders", "orders_2026"].flatMap(isolated);
  await migration.create(bound, migrationFile(isolating, { path: "sql/shop/011_isolation.sql" }));
  return { fixture, bound };
}

const unforced = "SELECT relname FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity";

test("changes all rows in a file, although row level security binds the administrator", {
  skip,
}, async (t) => {
  const { fixture, bound } = await startBound(t);
  let number = 20;
  const apply = (sql: string | readonly string[], more: Partial<MigrationInputs> = {}) =>
    migration.create(bound, migrationFile([sql].flat(), { path: `sql/shop/0${number++}_more.sql`, ...more }));
  await apply("UPDATE items SET lower_name = lower(name)");
  await apply("UPDATE items SET name = lower(name)", { transaction: false });
  assert.deepEqual(await fixture.run("SELECT DISTINCT name, lower_name FROM shop.items ORDER BY 1"), [
    { name: "a", lower_name: "a" },
    { name: "b", lower_name: "b" },
  ]);
  await apply(
    "DO $$ BEGIN UPDATE orders SET note = 'whole'; UPDATE orders_2026 SET note = note || ' and part'; END $$",
  );
  assert.deepEqual(await fixture.run("SELECT DISTINCT note FROM shop.orders"), [{ note: "whole and part" }]);
  await apply([
    "ALTER TABLE orders ADD COLUMN kind text",
    "UPDATE orders SET kind = 'x'",
    "ALTER TABLE orders ALTER COLUMN kind SET NOT NULL",
  ]);
  await apply("CREATE TABLE names AS SELECT DISTINCT name FROM items");
  assert.deepEqual(await fixture.run("SELECT count(*)::int AS names FROM shop.names"), [{ names: 2 }]);
  assert.match(bound.logged.join("\n"), /0\d\d_more\.sql needs rows of items, which row level security hides/);
  assert.deepEqual(await fixture.run(unforced), []);

  await t.test("checks a foreign key against every row of both tables, also if it is deferred", async () => {
    // Citus does not forward SET CONSTRAINTS IMMEDIATE, so a shard with a pending check can't be altered.
    const deferred = (await bound.database.facts).citus === undefined ? "DEFERRABLE INITIALLY DEFERRED" : "";
    await apply(
      `ALTER TABLE items ADD CONSTRAINT owned FOREIGN KEY (tenant_id) REFERENCES owners ${deferred} NOT VALID`,
    );
    await apply(["UPDATE items SET tenant_id = tenant_id", "ALTER TABLE items VALIDATE CONSTRAINT owned"]);
    await apply("INSERT INTO items SELECT tenant_id, 'c' FROM owners");
    await assert.rejects(apply("INSERT INTO items VALUES (gen_random_uuid(), 'nobody')"), /foreign key/);
    await fixture.run("ALTER TABLE shop.items DROP CONSTRAINT owned");
    await fixture.run("INSERT INTO shop.items VALUES (gen_random_uuid(), 'nobody')");
    const owned = "ALTER TABLE items ADD CONSTRAINT owned FOREIGN KEY (tenant_id) REFERENCES owners";
    await assert.rejects(apply(owned), /violates foreign key constraint "owned/);
    await assert.rejects(
      apply([`${owned} NOT VALID`, "ALTER TABLE items VALIDATE CONSTRAINT owned"]),
      /violates foreign key constraint "owned/,
    );
    assert.deepEqual(await fixture.run(unforced), []);
  });

  await t.test("meanwhile other sessions see the table under forced row level security, or wait", async () => {
    const seen = fixture.run(
      "SELECT pg_sleep(0.3); SET lock_timeout = 0; SELECT relforcerowsecurity AS forced FROM pg_class WHERE oid = 'shop.items'::regclass",
    );
    await apply(["UPDATE items SET name = name", "SELECT pg_sleep(0.6)"]);
    await seen;
    assert.deepEqual(await fixture.run(unforced), []);
  });

  await t.test("still rejects a file that removes isolation, and rolls it back", async () => {
    for (const [sql, message] of [
      ["ALTER TABLE items DISABLE ROW LEVEL SECURITY", /Row level security of shop\.items was switched/],
      ["DROP POLICY tenant_isolation ON items", /The policy tenant_isolation on shop\.items was dropped/],
      ["CREATE POLICY all_rows ON items USING (true)", /The policy all_rows on shop\.items was added/],
      ["ALTER TABLE items NO FORCE ROW LEVEL SECURITY", undefined],
    ] as const) {
      const applied = apply(["UPDATE items SET name = upper(name)", `DO $$ BEGIN EXECUTE '${sql}'; END $$`]);
      await (message ? assert.rejects(applied, message) : applied);
    }
    assert.deepEqual(await fixture.run(unforced), []);
    assert.equal((await fixture.run("SELECT FROM pg_policies WHERE schemaname = 'shop'")).length, 4);
  });

  await t.test("rejects a table of another owner, with the fixes", async () => {
    await fixture.run(`ALTER TABLE shop.items OWNER TO "${fixture.endpoint.user}"`);
    await fixture.run(`GRANT ALL ON shop.items TO "${bound.endpoint.user}"`);
    await assert.rejects(apply("UPDATE items SET lower_name = upper(name)"), (error: Error) => {
      assert.match(error.message, /^sql\/shop\/0\d\d_more\.sql:1.*row-level security policy for table "items"/);
      assert.match(error.message, /fix: {6}let tenantry's login own the table, .* or as a role with BYPASSRLS/);
      return true;
    });
  });
});

test("validates all rows, although row level security binds the administrator", {
  skip,
}, async (t) => {
  const { bound } = await startBound(t);
  const constraints = migrationFile(
    [
      "CREATE UNIQUE INDEX items_name ON items (tenant_id, name)",
      "ALTER TABLE items ADD CONSTRAINT named CHECK (name <> '')",
      "ALTER TABLE items ALTER COLUMN name SET NOT NULL",
    ],
    { path: "sql/shop/030_constraints.sql" },
  );
  await migration.create(bound, constraints);
  await assert.rejects(
    migration.create(
      bound,
      migrationFile(["ALTER TABLE items ADD CHECK (name = 'A')"], { path: "sql/shop/040_wrong.sql" }),
    ),
    /check constraint .* is violated by some row/,
  );
  // FORCE can't be lifted around a statement that runs outside a transaction.
  await bound.run(
    "CREATE PROCEDURE shop.fill() LANGUAGE plpgsql AS 'BEGIN COMMIT; UPDATE shop.items SET lower_name = lower(name); END'",
  );
  const bare = migrationFile(["CALL fill()"], { path: "sql/shop/050_fill.sql", transaction: false });
  await assert.rejects(migration.create(bound, bare), /row-level security policy.*in a file with a transaction/s);
});
