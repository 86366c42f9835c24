import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import test, { type TestContext } from "node:test";
import { Client } from "pg";
import type { MigrationInputs } from "../../architecture/declaration";
import { openDatabase } from "../../provider/postgres";
import { clientConfig } from "../../provider/postgres-connection";
import { migration } from "../../provider/resources/migration";
import { type Acting, startActing } from "./acting";
import { skip } from "./servers";

function file(statements: readonly string[], more: Partial<MigrationInputs> = {}): MigrationInputs {
  return {
    path: "sql/shop/010_tables.sql",
    hash: createHash("sha256").update(statements.join()).digest("hex"),
    statements: statements.map((sql, index) => ({ sql, line: 10 * index + 1 })),
    transaction: true,
    schema: "shop",
    apply: "once",
    ...more,
  };
}

const ledger = "SELECT path, statements_done AS done, in_doubt, complete FROM tenantry.migrations ORDER BY path";

test("a file is applied in its schema, recorded, and adopted when its state was lost", { skip }, async (t) => {
  const acting = await startActing(t);
  const inputs = file(["CREATE TABLE a (id int)", "INSERT INTO a VALUES (1)"]);
  const { id, state } = await migration.create(acting, inputs);
  assert.equal(id, inputs.path);
  assert.deepEqual(state, { ...inputs, statements: [] });
  assert.deepEqual(migration.diff(state, inputs), []);
  await migration.create(acting, inputs);
  assert.deepEqual(await acting.run("SELECT id FROM shop.a"), [{ id: 1 }]);
  assert.deepEqual(await acting.run(ledger), [{ path: inputs.path, done: 2, in_doubt: false, complete: true }]);
  assert.deepEqual(await migration.read(acting, inputs.path, state), state);
  assert.deepEqual(migration.diff((await migration.read(acting, inputs.path, undefined)) ?? inputs, inputs), []);
});

test("a failing statement is shown with file, line and caret, and nothing of the file remains", { skip }, async (t) => {
  const acting = await startActing(t);
  const inputs = file(["CREATE TABLE a (id int)", "INSERT INTO a\nSELECT 'ä', nonsense FROM a"]);
  await assert.rejects(migration.create(acting, inputs), (error: Error) => {
    assert.match(
      error.message,
      /^sql\/shop\/010_tables\.sql:12:13: PostgreSQL refused: column "nonsense" does not exist/,
    );
    assert.match(error.message, /\| SELECT 'ä', nonsense FROM a\n {2}\| {13}\^/);
    return true;
  });
  assert.deepEqual(await acting.run("SELECT to_regclass('shop.a') AS a"), [{ a: null }]);
  assert.equal(await migration.read(acting, inputs.path, undefined), undefined);
});

test("an applied file that was edited is refused, also when the state was lost", { skip }, async (t) => {
  const acting = await startActing(t);
  const inputs = file(["CREATE TABLE a (id int)"]);
  await migration.create(acting, inputs);
  const edited = file(["CREATE TABLE a (id bigint)"]);
  await assert.rejects(
    migration.create(acting, edited),
    /sql\/shop\/010_tables\.sql: This file was edited after it had been/,
  );
});

test("a file that runs on change runs again, and is forgotten when it is deleted", { skip }, async (t) => {
  const acting = await startActing(t);
  const [first, second] = [1, 2].map((n) =>
    file([`CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql RETURN ${n}`], { apply: "onChange" }),
  ) as [MigrationInputs, MigrationInputs];
  const { state } = await migration.create(acting, first);
  const updated = await migration.update(acting, first.path, state, second);
  assert.deepEqual(await acting.run("SELECT shop.one() AS one"), [{ one: 2 }]);
  await migration.delete(acting, first.path, updated);
  assert.deepEqual(await acting.run(ledger), []);
});

test("a renamed file is recorded under its new name, and not run again", { skip }, async (t) => {
  const acting = await startActing(t);
  const inputs = file(["CREATE TABLE a (id int)"]);
  const { state } = await migration.create(acting, inputs);
  const renamed = { ...inputs, path: "sql/shop/020_tables.sql" };
  await migration.create(acting, renamed);
  await migration.delete(acting, inputs.path, state);
  assert.deepEqual(await acting.run(ledger), [{ path: renamed.path, done: 1, in_doubt: false, complete: true }]);
  assert.match(acting.told.join(), /has the content of sql\/shop\/010_tables\.sql/);
});

test("a file deleted while its tables are there stays known as applied", { skip }, async (t) => {
  const acting = await startActing(t);
  const inputs = file(["CREATE TABLE a (id int)"]);
  const { state } = await migration.create(acting, inputs);
  await migration.delete(acting, inputs.path, state);
  assert.equal((await acting.run(ledger)).length, 1);
  await acting.run("DROP TABLE shop.a");
  await migration.delete(acting, inputs.path, state);
  assert.deepEqual(await acting.run(ledger), []);
});

const concurrent = file(
  [
    "CREATE TABLE a (id int)",
    "INSERT INTO a SELECT 1",
    "-- Its name is taken after an interruption.\nCREATE UNIQUE INDEX CONCURRENTLY a_id ON a (id)",
    "INSERT INTO a VALUES (2)",
  ],
  { transaction: false },
);

test("a file without a transaction goes on behind what committed, and cleans up an invalid index", {
  skip,
}, async (t) => {
  const acting = await startActing(t);
  const broken = {
    ...concurrent,
    statements: concurrent.statements.with(1, { sql: "INSERT INTO a VALUES (1), (1)", line: 11 }),
  };
  await assert.rejects(
    migration.create(acting, broken),
    /010_tables\.sql:21: PostgreSQL refused: could not create unique index/,
  );
  assert.deepEqual(await acting.run(ledger), [{ path: broken.path, done: 2, in_doubt: false, complete: false }]);
  assert.deepEqual(await acting.run("SELECT indisvalid FROM pg_index WHERE indexrelid = 'shop.a_id'::regclass"), [
    { indisvalid: false },
  ]);

  await acting.run("DELETE FROM shop.a WHERE ctid = '(0,1)'");
  await migration.create(acting, broken);
  assert.match(acting.told.join(), /dropping the invalid index a_id/);
  assert.deepEqual(await acting.run("SELECT id FROM shop.a ORDER BY 1"), [{ id: 1 }, { id: 2 }]);
  assert.deepEqual(await acting.run(ledger), [{ path: broken.path, done: 4, in_doubt: false, complete: true }]);
});

test("a statement that was done by a killed run is taken as done", { skip }, async (t) => {
  const acting = await startActing(t);
  await migration.create(acting, concurrent);
  await acting.run(`DELETE FROM shop.a WHERE id = 2`);
  const prefix = createHash("sha256")
    .update(JSON.stringify(concurrent.statements.slice(0, 2).map(({ sql }) => sql)))
    .digest("hex");
  await acting.run(
    `UPDATE tenantry.migrations SET statements_done = 2, done_hash = '${prefix}', in_doubt = true, complete = false`,
  );
  assert.equal(await migration.read(acting, concurrent.path, undefined), undefined);
  await migration.create(acting, concurrent);
  assert.match(acting.told.join(), /010_tables\.sql:21 was done by a run that was killed/);
  assert.deepEqual(await acting.run("SELECT id FROM shop.a ORDER BY 1"), [{ id: 1 }, { id: 2 }]);
});

test("what failed of a file may be mended, and what is done may not be edited", { skip }, async (t) => {
  const acting = await startActing(t);
  const failing = file(["CREATE TABLE a (id int)", "CREATE INDEX CONCURRENTLY ON nowhere (id)"], {
    transaction: false,
  });
  await assert.rejects(migration.create(acting, failing), /relation "nowhere" does not exist/);
  const tampered = file(["CREATE TABLE a (id bigint)", "CREATE INDEX CONCURRENTLY ON a (id)"], { transaction: false });
  await assert.rejects(migration.create(acting, tampered), /The first 1 statements of this file are applied/);
  await migration.create(
    acting,
    file(["CREATE TABLE a (id int)", "CREATE INDEX CONCURRENTLY ON a (id)"], { transaction: false }),
  );
});

test("what a file sets does not reach the next one", { skip }, async (t) => {
  const acting = await startActing(t);
  await migration.create(
    acting,
    file(["SET search_path = pg_catalog", "SET statement_timeout = 1234", "SET ROLE shop_app"]),
  );
  const settings = await acting.database.locked((client) =>
    client.query(
      "SELECT current_setting('search_path') AS path, current_setting('statement_timeout') AS timeout, current_user::text AS role",
    ),
  );
  assert.deepEqual(settings.rows, [{ path: "public", timeout: "0", role: acting.endpoint.user }]);
});

test("what a file does to rows is refused to an administrator whom row level security binds", { skip }, async (t) => {
  const acting = await startActing(t);
  const administrator = `${acting.endpoint.database}_administrator`;
  const bound = await actingAs(t, acting, administrator);
  const made = file([
    "CREATE TABLE items (tenant_id uuid NOT NULL, name text NOT NULL, lower_name text)",
    "INSERT INTO items VALUES (gen_random_uuid(), 'A'), (gen_random_uuid(), 'B')",
    "CREATE POLICY tenant_isolation ON items USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)",
    "ALTER TABLE items ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
  ]);
  await migration.create(bound, made);
  const path = "sql/shop/020_lower.sql";
  for (const transaction of [true, false]) {
    const filled = file(["UPDATE items SET lower_name = lower(name)"], { path, transaction });
    await assert.rejects(migration.create(bound, filled), (error: Error) => {
      assert.match(error.message, /^sql\/shop\/020_lower\.sql:1.*row-level security policy for table "items"/);
      assert.match(error.message, /fix: {6}let tenantry connect as a superuser, or as a role with BYPASSRLS/);
      return true;
    });
    assert.equal((await migration.read(bound, path, undefined)) === undefined, true);
  }
  // What looks at rows without asking for them sees all: a new key, check and index are held to every row.
  const constraints = file(
    [
      "CREATE UNIQUE INDEX items_name ON items (tenant_id, name)",
      "ALTER TABLE items ADD CONSTRAINT named CHECK (name <> '')",
      "ALTER TABLE items ALTER COLUMN name SET NOT NULL",
    ],
    { path: "sql/shop/030_constraints.sql" },
  );
  await migration.create(bound, constraints);
  await assert.rejects(
    migration.create(bound, file(["ALTER TABLE items ADD CHECK (name = 'A')"], { path: "sql/shop/040_wrong.sql" })),
    /check constraint .* is violated by some row/,
  );
  // A superuser is bound by nothing.
  await migration.create(acting, file(["UPDATE items SET lower_name = lower(name)"], { path }));
  assert.deepEqual(await acting.run("SELECT lower_name FROM shop.items ORDER BY 1"), [
    { lower_name: "a" },
    { lower_name: "b" },
  ]);
});

/** As an administrator of a managed database: owner of the database, and no superuser. */
async function actingAs(t: TestContext, acting: Acting, user: string): Promise<Acting> {
  const password = randomUUID();
  await acting.run("CREATE ROLE rds_superuser CREATEROLE");
  await acting.run(`CREATE ROLE "${user}" LOGIN CREATEROLE PASSWORD '${password}' IN ROLE rds_superuser`);
  await acting.run(`ALTER DATABASE "${acting.endpoint.database}" OWNER TO "${user}"`);
  const endpoint = { ...acting.endpoint, user, password };
  const roles = Object.values(endpoint.roles).map((login) => login.user);
  const database = openDatabase(endpoint, { roles, warn: acting.warn });
  t.after(async () => {
    await database.close();
    const client = new Client(clientConfig({ ...acting.endpoint, database: "postgres" }));
    await client.connect();
    await client.query(`DROP ROLE IF EXISTS "${user}", rds_superuser`).finally(() => client.end());
  });
  return { ...acting, database, endpoint };
}
