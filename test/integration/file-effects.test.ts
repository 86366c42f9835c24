import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import type { MigrationInputs, TenantIsolationInputs } from "../../architecture/data-plane/declaration";
import { migration } from "../../provider/resources/migration";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { type DatabaseFixture, startDatabaseFixture } from "./database-fixture";
import { skip } from "./servers";

const isolation: TenantIsolationInputs = {
  schema: "shop",
  table: "orders",
  column: "tenant_id",
  type: "uuid",
  grants: { shop_app: ["SELECT", "INSERT", "UPDATE", "DELETE"], shop_agent: ["SELECT"] },
};

const [anna, bert] = ["00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"];

let number = 10;
function file(sql: string | readonly string[], more: Partial<MigrationInputs> = {}): MigrationInputs {
  const statements = [sql].flat();
  return {
    path: `sql/shop/${++number}_more.sql`,
    hash: createHash("sha256").update(`${number} ${statements.join()}`).digest("hex"),
    statements: statements.map((each, index) => ({ sql: each, line: 10 * index + 1 })),
    transaction: true,
    schema: "shop",
    apply: "once",
    tables: { orders: "tenant", log: "local", countries: "reference" },
    ...more,
  };
}

async function startWithOrders(t: test.TestContext): Promise<DatabaseFixture> {
  const fixture = await startDatabaseFixture(t);
  await migration.create(
    fixture,
    file([
      "CREATE TABLE orders (tenant_id uuid, placed_on date, note text, PRIMARY KEY (tenant_id, placed_on)) PARTITION BY RANGE (placed_on)",
      "CREATE TABLE orders_2026 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
      "CREATE TABLE countries (code text PRIMARY KEY)",
      "CREATE TABLE log (id int PRIMARY KEY)",
      `INSERT INTO orders VALUES ('${anna}', '2026-11-02', 'of Anna'), ('${bert}', '2026-11-03', 'of Bert')`,
    ]),
  );
  await tenantIsolation.create(fixture, isolation);
  await fixture.run(
    "CREATE FUNCTION tenantry.guard() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER tenantry_isolate_partitions ON ddl_command_end EXECUTE FUNCTION tenantry.guard()",
  );
  return fixture;
}

const inBlock = (sql: string) => `DO $block$ BEGIN ${sql}; END $block$`;
const asText = (sql: string) => `DO $block$ BEGIN EXECUTE concat('', $text$${sql}$text$); END $block$`;

const harms: readonly (readonly [sql: string, message: RegExp])[] = [
  ["DROP POLICY tenant_isolation ON orders", /The policy tenant_isolation on shop\.orders was dropped/],
  ["ALTER TABLE orders DISABLE ROW LEVEL SECURITY", /Row level security of shop\.orders was switched\n.*got: +off/],
  ["ALTER TABLE orders_2026 NO FORCE ROW LEVEL SECURITY", /shop\.orders_2026 no longer binds its owner/],
  ["CREATE POLICY everything ON orders USING (true)", /The policy everything on shop\.orders was added/],
  ["ALTER POLICY tenant_isolation ON orders USING (true)", /The policy tenant_isolation on shop\.orders was changed/],
  ["GRANT ALL ON orders TO PUBLIC", /Privileges of PUBLIC on shop\.orders were changed/],
  ["GRANT UPDATE (note) ON orders TO shop_agent", /Privileges of shop_agent on shop\.orders.*\n.*UPDATE \(note\)/],
  ["GRANT INSERT ON countries TO shop_app", /Privileges of shop_app on shop\.countries/],
  ["CREATE RULE nothing AS ON INSERT TO orders_2026 DO INSTEAD NOTHING", /Rules on shop\.orders_2026/],
  ["ALTER TABLE orders OWNER TO shop_app", /The owner of shop\.orders was changed\n.*got: +shop_app/],
  ["ALTER TABLE orders SET SCHEMA public", /shop\.orders was moved or renamed/],
  ["ALTER TABLE orders RENAME TO orders_old", /shop\.orders was moved or renamed/],
  ["DROP EVENT TRIGGER tenantry_isolate_partitions", /event trigger tenantry_isolate_partitions was removed/],
  ["ALTER EVENT TRIGGER tenantry_isolate_partitions DISABLE", /event trigger tenantry_isolate_partitions was changed/],
  ["GRANT shop_app TO shop_agent", /membership shop_agent in shop_app was made/],
  ["GRANT pg_execute_server_program TO shop_app", /membership shop_app in pg_execute_server_program/],
  ["ALTER ROLE shop_app SET statement_timeout = 0", /setting shop_app in every database was made/],
  ["ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO shop_app", /default privileges/],
  ["GRANT CREATE ON SCHEMA shop TO shop_app", /The schema shop was changed/],
  ["CREATE VIEW all_orders AS SELECT * FROM orders", /The view shop\.all_orders shows every tenant's rows/],
  ["CREATE MATERIALIZED VIEW all_orders AS SELECT * FROM orders", /The view shop\.all_orders shows every tenant/],
  [
    "CREATE TABLE copied AS SELECT * FROM orders; GRANT SELECT ON copied TO shop_app",
    /shop\.copied is in no architecture\.yaml/,
  ],
  ["CREATE PUBLICATION everything FOR ALL TABLES", /publication everything was made/],
  ["CREATE FUNCTION powerful() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1", /SECURITY DEFINER function/],
  [
    "CREATE OR REPLACE FUNCTION tenantry.guard() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END'",
    /function of the toolkit tenantry\.guard\(\) was changed/,
  ],
];

test("rolls back a file that removes isolation by a plain statement, in a block, or by dynamic SQL", {
  skip,
}, async (t) => {
  const fixture = await startWithOrders(t);
  for (const [sql, message] of harms) {
    await t.test(sql, async () => {
      for (const statement of [sql, inBlock(sql), asText(sql)]) {
        const hostile = file(["CREATE TABLE later (id int)", statement]);
        await assert.rejects(migration.create(fixture, hostile), (error: Error) => {
          assert.match(error.message, message);
          assert.ok(error.message.startsWith(`${hostile.path}: `), error.message);
          return true;
        });
      }
    });
  }
  assert.deepEqual(await fixture.run("SELECT to_regclass('shop.later') AS later"), [{ later: null }]);
  const state = await tenantIsolation.read(fixture, "shop.orders", { ...isolation, gaps: {}, surplus: {} });
  assert.deepEqual(state && tenantIsolation.diff(state, isolation), []);
});

test("accepts a file that keeps isolation", { skip }, async (t) => {
  const fixture = await startWithOrders(t);
  await migration.create(
    fixture,
    file([
      "ALTER TABLE orders ADD COLUMN total int",
      "CREATE INDEX ON orders (note)",
      "UPDATE orders SET total = 1",
      "CREATE VIEW own_orders WITH (security_invoker) AS SELECT * FROM orders",
      "GRANT SELECT ON own_orders TO shop_app",
      "GRANT SELECT, INSERT ON log TO shop_app",
      "CREATE POLICY narrow ON orders AS RESTRICTIVE USING (note IS NOT NULL)",
      "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
      "CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch()",
      "CREATE TYPE mood AS ENUM ('well')",
      "DO $$ BEGIN PERFORM count(*) FROM orders; END $$",
      "CREATE TEMP TABLE working AS SELECT * FROM orders",
    ]),
  );
  assert.deepEqual(await fixture.run("SELECT DISTINCT total FROM shop.orders"), [{ total: 1 }]);
});

test("accepts changes that the stack's opt-in names, but never to the objects that isolation depends on", {
  skip,
}, async (t) => {
  const fixture = await startWithOrders(t);
  const definer = file("CREATE FUNCTION powerful() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1");
  fixture.allow.add(`run ${definer.path}`);
  await migration.create(fixture, definer);
  const open = file("ALTER TABLE orders DISABLE ROW LEVEL SECURITY");
  fixture.allow.add(`run ${open.path}`);
  await assert.rejects(migration.create(fixture, open), /Row level security of shop\.orders was switched/);
});

test("rejects a partition without isolation", { skip }, async (t) => {
  const fixture = await startWithOrders(t);
  const partition = "CREATE TABLE orders_2027 PARTITION OF orders FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')";
  await assert.rejects(
    migration.create(fixture, file(partition)),
    /The new partition shop\.orders_2027 is not isolated/,
  );
});

test("in a file without a transaction, names the statement that removed isolation, and undoes it", {
  skip,
}, async (t) => {
  const fixture = await startWithOrders(t);
  const hostile = file(["CREATE TABLE later (id int)", "DROP POLICY tenant_isolation ON orders"], {
    transaction: false,
  });
  await assert.rejects(
    migration.create(fixture, hostile),
    /more\.sql:11: The policy tenant_isolation on shop\.orders was/,
  );
  assert.equal((await fixture.run("SELECT FROM pg_policies WHERE tablename = 'orders'")).length, 1);
});

test("ends the run if a procedure that commits removed isolation", { skip }, async (t) => {
  const fixture = await startWithOrders(t);
  await fixture.run(
    "CREATE PROCEDURE shop.open() LANGUAGE plpgsql AS 'BEGIN DROP POLICY tenant_isolation ON shop.orders; COMMIT; END'",
  );
  const hostile = file("CALL open()", { transaction: false });
  await assert.rejects(migration.create(fixture, hostile), /The policy tenant_isolation on shop\.orders was dropped/);
});

const settings = [
  "SET work_mem = '77MB'",
  "SET row_security = off",
  "SET session_replication_role = replica",
  "SET ROLE shop_app",
  "SET SESSION AUTHORIZATION shop_app",
  "SET app.tenant_id = 'somebody'",
  "SELECT set_config('search_path', 'pg_catalog', false)",
  "DO $$ BEGIN PERFORM set_config('role', 'shop_app', false); END $$",
  "DO $$ BEGIN EXECUTE 'RESET ALL'; END $$",
  "SET LOCAL statement_timeout = 1234",
  "CREATE TEMP TABLE left_over (id int)",
];

test("resets the session before the next file", { skip }, async (t) => {
  const fixture = await startWithOrders(t);
  const look = () =>
    fixture.database.locked(async (client) => {
      const { rows } = await client.query(
        "SELECT name, setting FROM pg_settings WHERE source <> 'default' UNION ALL SELECT 'who', session_user || current_user UNION ALL SELECT 'tenant', current_setting('app.tenant_id', true) UNION ALL SELECT 'left', to_regclass('left_over')::text ORDER BY 1",
      );
      return rows.filter(({ name }) => name !== "transaction_isolation");
    });
  const before = await look();
  for (const transaction of [true, false]) {
    for (const sql of settings) {
      await migration.create(fixture, file(sql, { transaction }));
      assert.deepEqual(
        (await look()).map(({ name, setting }) => [name, setting || null]),
        before.map(({ name, setting }) => [name, setting || null]),
        sql,
      );
    }
  }
});
