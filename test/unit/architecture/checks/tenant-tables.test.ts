import assert from "node:assert/strict";
import test from "node:test";
import { placesOf, problemsOf } from "../shop";

/** Problems of one tenant table `t`. */
function ofTable(sql: string, more: Readonly<Record<string, string>> = {}) {
  return problemsOf({ tables: ["t: { tenant: true }"], sql: { "002_t.sql": sql, ...more } });
}

async function whatOf(sql: string, more: Readonly<Record<string, string>> = {}): Promise<string[]> {
  return (await ofTable(sql, more)).map(({ what }) => what);
}

test("rejects a tenant table without the tenant column, and suggests a column", async () => {
  assert.deepEqual(await ofTable("CREATE TABLE t (tenantid uuid PRIMARY KEY);"), [
    {
      what: "Tenant table `t` has no column `tenant_id`",
      got: "`tenantid`",
      expected: "`tenant_id uuid NOT NULL`",
      fix: "Rename `tenantid`, or add the column, or call the table `reference` or `local`",
      at: { file: "sql/shop/002_t.sql", line: 1, column: 14, text: "CREATE TABLE t (tenantid uuid PRIMARY KEY);" },
    },
  ]);
});

test("rejects a tenant column of another type", async () => {
  const [problem] = await ofTable("CREATE TABLE t (tenant_id bigint PRIMARY KEY);");
  assert.equal(problem?.what, "Column `tenant_id` of `t` has another type than the tenant column");
  assert.equal(problem?.got, "bigint");
  assert.equal(problem?.expected, "uuid");
});

test("rejects a tenant column that may be NULL", async () => {
  assert.deepEqual(await whatOf("CREATE TABLE t (tenant_id uuid, id uuid PRIMARY KEY);"), [
    "Column `tenant_id` of `t` may be NULL: such a row would belong to nobody",
    "The primary key of `t` lacks `tenant_id`: it could not be held across nodes",
  ]);
});

test("rejects keys of a tenant table without the tenant column", async () => {
  const problems = await ofTable(
    `CREATE TABLE t (tenant_id uuid NOT NULL, id uuid PRIMARY KEY, email text UNIQUE, span tstzrange,
       EXCLUDE USING gist (span WITH &&));
     CREATE UNIQUE INDEX ON t (lower(email));`,
  );
  assert.deepEqual(
    problems.map(({ what, expected, fix }) => [what.split(" lacks")[0], expected, fix]),
    [
      ["The primary key of `t`", "(tenant_id, id)", "Add `tenant_id`"],
      ["The unique constraint of `t`", "(tenant_id, email)", "Add `tenant_id`"],
      ["The exclusion constraint of `t`", "(tenant_id)", "Add tenant_id WITH ="],
      ["The unique index of `t`", "(tenant_id)", "Add `tenant_id`"],
    ],
  );
});

test("accepts keys with the tenant column wherever they are declared", async () => {
  assert.deepEqual(
    await ofTable(
      `CREATE TABLE t (tenant_id uuid, id uuid, email text, span tstzrange, UNIQUE (email, tenant_id),
         EXCLUDE USING gist (tenant_id WITH =, span WITH &&));
       ALTER TABLE ONLY t ADD CONSTRAINT t_pkey PRIMARY KEY (tenant_id, id);
       CREATE UNIQUE INDEX ON t (tenant_id, lower(email));
       CREATE INDEX ON t (email);`,
    ),
    [],
  );
});

test("rejects a key of a partitioned table without the partition column", async () => {
  const [problem] = await problemsOf({
    tables: ["t: { tenant: true, partition: { by: at, every: 1 day } }"],
    sql: {
      "002_t.sql": "CREATE TABLE t (tenant_id uuid, at date, PRIMARY KEY (tenant_id)) PARTITION BY RANGE (at);",
    },
  });
  assert.equal(problem?.what, "The primary key of `t` lacks `at`: it could not be held across partitions");
});

test("rejects a tenant or reference table without a primary key", async () => {
  assert.deepEqual(await whatOf("CREATE TABLE t (tenant_id uuid NOT NULL);"), [
    "Table `t` has no primary key: its shards could not be moved while it is written",
  ]);
  assert.deepEqual(
    await placesOf({ tables: ["r: { reference: true }"], sql: { "002_r.sql": "CREATE TABLE r (a int);" } }),
    ["002_r.sql:1:14 Table `r` has no primary key: its shards could not be moved while it is written"],
  );
});

test("rejects serial and identity columns in a tenant table", async () => {
  assert.deepEqual(
    await whatOf(`CREATE TABLE t (tenant_id uuid, a serial, b int GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (tenant_id));
      ALTER TABLE t ADD c bigserial;`),
    [
      "Column `a` of tenant table `t` is a serial: one sequence counts for all tenants, so that its gaps tell each of them how much the others do",
      "Column `b` of tenant table `t` is an identity column: a distributed table with one cannot be altered or undistributed later",
      "Column `c` of tenant table `t` is a serial: one sequence counts for all tenants, so that its gaps tell each of them how much the others do",
    ],
  );
});

test("LIKE copies columns, and with INCLUDING ALL their keys", async () => {
  const model = "CREATE TABLE t (tenant_id uuid NOT NULL, a int, PRIMARY KEY (tenant_id, a));";
  const tables = ["t: { tenant: true }", "u: { tenant: true }"];
  const withKeys = `${model} CREATE TABLE u (LIKE t INCLUDING ALL);`;
  assert.deepEqual(await problemsOf({ tables, sql: { "002_t.sql": withKeys } }), []);
  assert.deepEqual(await placesOf({ tables, sql: { "002_t.sql": `${model}\nCREATE TABLE u (LIKE t);` } }), [
    "002_t.sql:2:14 Table `u` has no primary key: its shards could not be moved while it is written",
  ]);
});

test("rejects a reference or local table with the tenant column", async () => {
  const sql = "CREATE TABLE r (tenant_id uuid PRIMARY KEY);\nCREATE TABLE l (tenant_id uuid PRIMARY KEY);";
  assert.deepEqual(
    await placesOf({ tables: ["r: { reference: true }", "l: { local: true }"], sql: { "002_r.sql": sql } }),
    [
      "002_r.sql:1:17 The reference table `r` holds tenants' data: it has the column `tenant_id`",
      "002_r.sql:2:17 The local table `l` holds tenants' data: it has the column `tenant_id`",
    ],
  );
});

test("rejects a tenant root whose primary key is not the tenant column alone", async () => {
  const problems = await problemsOf({
    sql: {
      "001_tenants.sql":
        "CREATE TABLE countries (code text PRIMARY KEY); CREATE TABLE tenants (tenant_id uuid, a int, PRIMARY KEY (tenant_id, a));",
    },
  });
  assert.deepEqual(
    problems.map(({ what }) => what),
    ["The primary key of the tenant root `tenants` is not the tenant column alone"],
  );
});

test("rejects a tenant table that is created before the tenant root", async () => {
  const what = await placesOf({
    tables: ["t: { tenant: true }"],
    sql: { "000_t.sql": "CREATE TABLE t (tenant_id uuid PRIMARY KEY);" },
  });
  assert.deepEqual(what, [
    "000_t.sql:1:14 Tenant table `t` is created before the tenant root `tenants`, beside which it is placed",
  ]);
});

test("follows added, dropped and changed columns through the files", async () => {
  const create = "CREATE TABLE t (tenant_id uuid PRIMARY KEY, a serial, b text UNIQUE);";
  assert.deepEqual(
    await whatOf(create, { "003_t.sql": "ALTER TABLE t DROP a, DROP b; ALTER TABLE t ALTER tenant_id TYPE text;" }),
    ["Column `tenant_id` of `t` has another type than the tenant column"],
  );
  assert.deepEqual(await whatOf("CREATE TABLE t (tenant_id uuid, PRIMARY KEY (tenant_id), UNIQUE (tenant_id));"), []);
});

test("rejects a tenant column that a later file adds or renames", async () => {
  const renamed = await whatOf("CREATE TABLE t (tenant uuid PRIMARY KEY);", {
    "003_t.sql": "ALTER TABLE t RENAME tenant TO tenant_id;",
  });
  assert.deepEqual(renamed, [
    "Column `tenant_id` of `t` is added or renamed in a later file than its table, but the tables are distributed by it",
  ]);
  assert.deepEqual(
    await whatOf("CREATE TABLE t (tenant uuid PRIMARY KEY); ALTER TABLE t RENAME tenant TO tenant_id;"),
    [],
  );
});
