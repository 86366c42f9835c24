import assert from "node:assert/strict";
import test from "node:test";
import { problemsOf } from "../shop";

const columns = "tenant_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (tenant_id, id)";
const tables = ["a: { tenant: true }", "b: { tenant: true }", "l: { local: true }"];
const create = `CREATE TABLE a (${columns}, x uuid); CREATE TABLE b (${columns}); CREATE TABLE l (id uuid PRIMARY KEY);`;

async function whatOf(sql: string, later: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const problems = await problemsOf({ tables, sql: { "002_tables.sql": sql, ...later } });
  return problems.map(({ what }) => what);
}

test("accepts foreign keys with the tenant column between tenant tables, and to reference tables", async () => {
  const keys = `
    ALTER TABLE a ADD FOREIGN KEY (tenant_id, x) REFERENCES b;
    ALTER TABLE a ADD FOREIGN KEY (x, tenant_id) REFERENCES a (id, tenant_id);
    ALTER TABLE b ADD country text REFERENCES countries;
    ALTER TABLE b ADD FOREIGN KEY (tenant_id) REFERENCES tenants;`;
  assert.deepEqual(await whatOf(create + keys), []);
});

test("rejects a foreign key between tables that are not co-located, with the kinds of both", async () => {
  const found = await problemsOf({
    tables,
    sql: {
      "002_tables.sql": `${create}
        ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES l;
        ALTER TABLE l ADD FOREIGN KEY (id) REFERENCES a (id), ADD c text REFERENCES countries;
        ALTER TABLE countries ADD tenant uuid REFERENCES tenants, ADD l uuid REFERENCES l;`,
    },
  });
  assert.deepEqual(
    found.filter(({ what }) => what.includes("not co-located")).map(({ got, expected }) => [got, expected]),
    [
      ["reference table `countries` to tenant table `tenants`", "reference tables refer to reference tables"],
      ["reference table `countries` to local table `l`", "reference tables refer to reference tables"],
      ["tenant table `a` to local table `l`", "tenant tables refer to tenant and reference tables"],
      ["local table `l` to tenant table `a`", "local tables refer to local tables"],
      ["local table `l` to reference table `countries`", "local tables refer to local tables"],
    ],
  );
});

test("rejects a foreign key that could join rows of two tenants", async () => {
  const other = "`tenant_id` does not refer to `tenant_id`";
  assert.deepEqual(
    await whatOf(`${create} ALTER TABLE b ADD UNIQUE (tenant_id), ADD UNIQUE (id, tenant_id);
     ALTER TABLE a ADD CONSTRAINT without FOREIGN KEY (x) REFERENCES b (tenant_id),
       ADD CONSTRAINT crossed FOREIGN KEY (tenant_id, x) REFERENCES b (id, tenant_id);`),
    [
      `Foreign key \`without\` can join rows of two tenants: ${other}`,
      `Foreign key \`crossed\` can join rows of two tenants: ${other}`,
    ],
  );
});

test("rejects a foreign key to an unknown table, unknown columns, or columns that are not unique", async () => {
  assert.deepEqual(
    await whatOf(`${create}
      ALTER TABLE a ADD CONSTRAINT one FOREIGN KEY (x) REFERENCES nowhere;
      ALTER TABLE a ADD CONSTRAINT two FOREIGN KEY (tenant_id, y) REFERENCES b (tenant_id, z);
      ALTER TABLE a ADD CONSTRAINT three FOREIGN KEY (tenant_id, x) REFERENCES a (tenant_id, x);`),
    [
      "Foreign key `one` refers to `nowhere`, which no SQL file creates",
      "Foreign key `two` names columns that do not exist: a.y, b.z",
      "Foreign key `three` refers to columns of `a` that are not unique together",
    ],
  );
});

test("rejects foreign keys in a circle, and shows the circle", async () => {
  const found = await problemsOf({
    tables,
    sql: {
      "002_tables.sql": `${create}
        ALTER TABLE a ADD FOREIGN KEY (tenant_id, x) REFERENCES b;
        ALTER TABLE b ADD FOREIGN KEY (tenant_id, id) REFERENCES a;`,
    },
  });
  assert.deepEqual(
    found.map(({ what, got, at }) => [what, got, at?.line]),
    [["Foreign keys go in a circle: no order of the tables satisfies them", "`a` → `b` → `a`", 3]],
  );
});

test("rejects a foreign key from an older table to a table of the same file", async () => {
  const what = await whatOf(`CREATE TABLE a (${columns}, x uuid); CREATE TABLE l (id uuid PRIMARY KEY);`, {
    "003_b.sql": `CREATE TABLE b (${columns}); ALTER TABLE a ADD FOREIGN KEY (tenant_id, x) REFERENCES b;`,
  });
  assert.deepEqual(what, [
    "Foreign key `a_tenant_id_x_fkey` comes before `b` is placed: tables are placed when their file has run",
  ]);
});

test("rejects a foreign key that clears the tenant column", async () => {
  const key = "ALTER TABLE a ADD CONSTRAINT k FOREIGN KEY (tenant_id, x) REFERENCES b ON DELETE SET NULL";
  const [problem] = await problemsOf({ tables, sql: { "002_tables.sql": `${create} ${key};` } });
  assert.equal(problem?.what, "Foreign key `k` would clear `tenant_id` when the row it refers to is deleted");
  assert.equal(problem?.fix, "Use another action, or on plain PostgreSQL ON DELETE SET NULL (x)");
  assert.deepEqual(await whatOf(`${create} ${key} (x);`), []);
});

test("rejects a foreign key to a table whose retention drops partitions", async () => {
  const problems = await problemsOf({
    tables: ["t: { tenant: true, partition: { by: at, every: 1 day, retention: 1 year } }", "c: { tenant: true }"],
    sql: {
      "002_t.sql": `
        CREATE TABLE t (tenant_id uuid, at date, PRIMARY KEY (tenant_id, at)) PARTITION BY RANGE (at);
        CREATE TABLE c (tenant_id uuid PRIMARY KEY, at date, FOREIGN KEY (tenant_id, at) REFERENCES t);`,
    },
  });
  assert.deepEqual(
    problems.map(({ what }) => what),
    ["Foreign key `c_tenant_id_at_fkey` would hinder `t` from dropping its old partitions"],
  );
});

test("requires IF EXISTS in DROP CONSTRAINT of a deferred foreign key", async () => {
  const sql = `${create} ALTER TABLE a ADD CONSTRAINT k FOREIGN KEY (tenant_id, x) REFERENCES b;`;
  assert.deepEqual(await whatOf(sql, { "003_drop.sql": "ALTER TABLE a DROP CONSTRAINT k;" }), [
    "Foreign key `k` of sql/shop/002_tables.sql:1 will not be there for DROP CONSTRAINT on an empty database",
  ]);
  assert.deepEqual(await whatOf(sql, { "003_drop.sql": "ALTER TABLE a DROP CONSTRAINT IF EXISTS k;" }), []);
});

test("rejects renaming a column of a deferred foreign key", async () => {
  const sql = `${create} ALTER TABLE a ADD CONSTRAINT k FOREIGN KEY (tenant_id, x) REFERENCES b;`;
  assert.deepEqual(await whatOf(sql, { "003_rename.sql": "ALTER TABLE a RENAME x TO y;" }), [
    "Column `y` of `a` is added or renamed in a later file than its table, but the foreign key `k` is added before that",
  ]);
  assert.deepEqual(await whatOf(sql, { "003_rename.sql": "ALTER TABLE b RENAME id TO key;" }), [
    "Column `key` of `b` is added or renamed in a later file than its table, but the foreign key `k` is added before that",
  ]);
});
