import assert from "node:assert/strict";
import test from "node:test";
import { parseShop, placesOf, problemsOf } from "../shop";

const columns = "tenant_id uuid NOT NULL, id uuid NOT NULL";
const key = "PRIMARY KEY (tenant_id, id)";
const t = { tables: ["t: { tenant: true }"] };
const log = "CREATE TABLE log (tenant_id uuid, at timestamptz, PRIMARY KEY (tenant_id, at)) PARTITION BY RANGE (at);";

/** Problems of a table `t` that files behind its own change. */
function after(...changes: string[]) {
  const files = changes.map((sql, index): [string, string] => [`00${index + 3}_change.sql`, sql]);
  return placesOf({
    ...t,
    sql: { "002_t.sql": `CREATE TABLE t (${columns}, a int, ${key});`, ...Object.fromEntries(files) },
  });
}

test("a key USING INDEX has the columns of its index", async () => {
  const create = `CREATE TABLE t (${columns});`;
  const sql = (index: string) => ({
    "002_t.sql": create,
    "003_t.sql": `CREATE UNIQUE INDEX t_key ON t (${index});`,
    "004_t.sql": "ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY USING INDEX t_key;",
  });
  const { tables } = await parseShop({ ...t, sql: sql("tenant_id, id") });
  assert.deepEqual(tables.find(({ name }) => name === "t")?.primaryKey, ["tenant_id", "id"]);
  const [problem, ...others] = await problemsOf({ ...t, sql: sql("id") });
  assert.deepEqual(others, []);
  assert.deepEqual([problem?.got, problem?.at?.file], ["(id)", "sql/shop/004_t.sql"]);
});

test("rejects a key USING INDEX whose index no file creates or belongs to another table", async () => {
  assert.deepEqual(await after("ALTER TABLE t ADD CONSTRAINT one UNIQUE USING INDEX nowhere;"), [
    "003_change.sql:1:19 Index `nowhere` of `t` is not created before",
  ]);
  assert.deepEqual(
    await after(
      "CREATE UNIQUE INDEX code ON countries (code);",
      "ALTER TABLE t ADD CONSTRAINT one UNIQUE USING INDEX code;",
    ),
    ["004_change.sql:1:19 Index `code` of `t` is not created before"],
  );
});

test("treats an attached table as a partition, which only its parent declares", async () => {
  const sql = {
    "002_log.sql": `${log}\nCREATE TABLE rest (LIKE log);\nALTER TABLE log ATTACH PARTITION rest DEFAULT;`,
    "003_log.sql": "CREATE INDEX ON rest (at); ALTER TABLE rest SET (fillfactor = 70);",
  };
  const declared = "log: { tenant: true, partition: { by: at, every: 1 month } }";
  assert.deepEqual(await placesOf({ tables: [declared, "rest: { tenant: true }"], sql }), [
    "architecture.yaml:6:3 `rest` is a partition of `log`, which speaks for it",
    "002_log.sql:3:34 Partition `rest` of `log` is made by hand, beside those that pg_partman makes",
  ]);
});

test("treats a detached partition as a table again, with the keys of its parent", async () => {
  const tables = ["log: { local: true }", "old: { tenant: true }"];
  const local = log.replace("tenant_id uuid", "id uuid").replace("tenant_id", "id");
  const sql = {
    "002_log.sql": `${local}\nCREATE TABLE old PARTITION OF log DEFAULT;`,
    "003_log.sql": "ALTER TABLE log DETACH PARTITION old;",
  };
  assert.deepEqual(await placesOf({ tables, sql }), ["002_log.sql:2:14 Tenant table `old` has no column `tenant_id`"]);
  assert.deepEqual(await placesOf({ tables: ["log: { local: true }", "old: { local: true }"], sql }), []);
});

test("reports a view that loses security_invoker, at the statement that removes it", async () => {
  const view = "CREATE VIEW v WITH (security_invoker = true) AS SELECT id FROM t;";
  for (const change of [
    "ALTER VIEW v RESET (security_invoker);",
    "ALTER VIEW v SET (security_invoker = false);",
    "ALTER TABLE v SET (security_invoker = off);",
    "ALTER VIEW shop.v RESET (security_invoker);",
    "CREATE OR REPLACE VIEW v AS SELECT id FROM t;",
  ]) {
    const [place, ...others] = await after(view, `-- first\n${change}`);
    assert.deepEqual(others, []);
    assert.match(place ?? "", /^004_change.sql:2:\d+ The view `v` shows every tenant's rows/, change);
  }
  assert.deepEqual(
    await after(view, "ALTER VIEW v RESET (security_invoker);", "ALTER VIEW v SET (security_invoker);"),
    [],
  );
});

test("also requires security_invoker of a view in another schema", async () => {
  assert.deepEqual(await after("CREATE VIEW public.v AS SELECT id FROM t;"), [
    "003_change.sql:1:13 The view `public.v` shows every tenant's rows: it reads with its owner's rights",
  ]);
  const moved = "CREATE VIEW v AS SELECT id FROM t; ALTER VIEW v SET SCHEMA public;";
  assert.match((await after(moved))[0] ?? "", /The view `public.v` shows/);
});

test("rejects moving a table out of the application's schema", async () => {
  assert.deepEqual(await after("ALTER TABLE t SET SCHEMA archive;"), [
    "003_change.sql:1:13 Table `t` cannot be moved to another schema: its distribution, policies and partitions go by its name",
  ]);
});

test("reports tables of other schemas with their schema's name", async () => {
  assert.deepEqual(
    await after(
      "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES auth.users (id);",
      "CREATE INDEX ON auth.users (email); ALTER TABLE auth.users ADD note text;",
    ),
    [
      "004_change.sql:1:17 Table `auth.users` is not in the application's schema",
      "004_change.sql:1:49 Table `auth.users` is not in the application's schema",
      "003_change.sql:1:19 Foreign key `t_a_fkey` refers to `auth.users`, which is not in the application's schema",
    ],
  );
  // A policy of the name of a table, and a table of another schema, are not the table.
  assert.deepEqual(await after("DROP POLICY t ON t; DROP TABLE IF EXISTS archive.t;"), []);
});

test("knows the names that PostgreSQL chooses, so unnamed constraints can be dropped and renamed", async () => {
  assert.deepEqual(await after("ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (tenant_id, id, a);"), []);
  assert.match((await after("ALTER TABLE t DROP CONSTRAINT t_pkey;")).join(), /has no primary key/);
  assert.deepEqual(
    await after(
      "ALTER TABLE t ADD UNIQUE (a);",
      "ALTER TABLE t RENAME CONSTRAINT t_a_key TO one;",
      "ALTER TABLE t DROP CONSTRAINT one;",
    ),
    [],
  );
});

test("rejects renaming a deferred foreign key", async () => {
  const sql = {
    "002_t.sql": `CREATE TABLE t (${columns}, c text REFERENCES countries, ${key});`,
    "003_t.sql": "ALTER TABLE t RENAME CONSTRAINT t_c_fkey TO country;",
  };
  assert.deepEqual(await placesOf({ ...t, sql }), [
    "003_t.sql:1:13 Foreign key `t_c_fkey` of sql/shop/002_t.sql:1 cannot be renamed: the table's own resource adds it by its name",
  ]);
});

test("DROP TABLE with CASCADE drops the foreign keys to the table", async () => {
  const sql = {
    "002_t.sql": `CREATE TABLE u (${columns}, ${key}); CREATE TABLE t (${columns}, ${key});`,
    "003_t.sql": "ALTER TABLE t ADD FOREIGN KEY (tenant_id, id) REFERENCES u;",
    "004_t.sql": "DROP TABLE u CASCADE;",
  };
  assert.deepEqual(await placesOf({ ...t, sql }), []);
});

test("copies columns from a composite type and from a table by LIKE", async () => {
  const sql = {
    "002_t.sql": `CREATE TYPE pair AS (tenant_id uuid, id uuid);
      CREATE TABLE t OF pair (${key});
      CREATE TABLE u (LIKE t INCLUDING INDEXES);`,
  };
  assert.deepEqual(await placesOf({ tables: ["t: { tenant: true }", "u: { tenant: true }"], sql }), []);
});

test("reports that the keys of a table from SELECT INTO cannot be read", async () => {
  assert.deepEqual(await after("SELECT * INTO copy FROM t;"), [
    "003_change.sql:1:15 The columns and keys of `copy` cannot be read from SELECT INTO",
  ]);
});

test("rejects a foreign table, because it can be neither placed nor isolated", async () => {
  const sql = { "002_t.sql": `CREATE FOREIGN TABLE t (${columns}) SERVER elsewhere;` };
  assert.match((await placesOf({ ...t, sql })).join(), /`t` is a foreign table: it can be neither placed nor isolated/);
});

test("knows indexes of temporary tables, and tables in CREATE SCHEMA", async () => {
  assert.deepEqual(
    await after(
      "CREATE TEMP TABLE s (a int); CREATE INDEX ON s (a); CREATE TEMP TABLE r AS SELECT 1 AS a; CREATE INDEX ON r (a);",
    ),
    [],
  );
  const sql = { "002_t.sql": `CREATE SCHEMA shop CREATE TABLE t (${columns}, ${key})` };
  assert.deepEqual(await placesOf({ ...t, sql }), []);
});

test("advises to give the tenant root's key the name of the tenant column", async () => {
  const root = (sql: string) =>
    problemsOf({ sql: { "001_tenants.sql": `CREATE TABLE countries (code text PRIMARY KEY); ${sql}` } });
  const [alone, ...others] = await root("CREATE TABLE tenants (id uuid PRIMARY KEY, name text);");
  assert.deepEqual(others, []);
  assert.equal(
    alone?.fix,
    "Name the key `tenant_id`, as every tenant table names it: `tenant_id uuid PRIMARY KEY` in place of `id`",
  );
  const [both] = await root("CREATE TABLE tenants (id uuid PRIMARY KEY, tenant_id uuid NOT NULL);");
  assert.match(both?.fix ?? "", /leave `id` out/);
});

test("reports the other problems of a file beside a too long name or an unreadable statement", async () => {
  const long = "p".repeat(67);
  assert.deepEqual(await after(`COMMIT;\nCREATE POLICY ${long} ON t USING (true);\nCREATE TABLE u (a int);`), [
    "003_change.sql:2:15 Name is too long: PostgreSQL would cut it without a word",
    "003_change.sql:1:1 A file runs in one transaction by itself",
    "003_change.sql:3:14 Table `u` is not in architecture.yaml",
  ]);
  assert.deepEqual(await after("COMMIT;\nSELEC 1;\nSELEC 2;"), [
    '003_change.sql:2:1 PostgreSQL cannot read this SQL: syntax error at or near "SELEC"',
    '003_change.sql:3:1 PostgreSQL cannot read this SQL: syntax error at or near "SELEC"',
    "003_change.sql:1:1 A file runs in one transaction by itself",
  ]);
});
