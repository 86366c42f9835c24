import assert from "node:assert/strict";
import test from "node:test";
import { enumValueUsed } from "../../../../lint/rules/enum-value-used";
import { placesOf } from "../../architecture/shop";
import { fixes, found } from "../shop-with";

const add = "ALTER TYPE mood ADD VALUE 'calm';\n";
const bad = `${add}ALTER TABLE customers ADD COLUMN mood mood DEFAULT 'calm';`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(enumValueUsed, bad), [
    "2 The value `calm` of `mood` is used in the transaction that adds it, which PostgreSQL refuses",
  ]);
  assert.match((await fixes(enumValueUsed, bad)).join(), /^Move this statement/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(enumValueUsed, add), []);
});

test("accepts a value of a type from the same file, of a file without a transaction, or of another column", async () => {
  for (const sql of [
    `CREATE TYPE mood AS ENUM ('sad'); ${bad}`,
    `-- tenantry: no transaction\n${bad}`,
    `${add}ALTER TABLE customers ADD COLUMN mood mood; UPDATE orders SET total = 1 WHERE 'calm' = 'calm';`,
    `${add}CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'calm'::mood $$;`,
  ]) {
    assert.deepEqual(await found(enumValueUsed, sql), [], sql);
  }
});

test("makes preview refuse it too: in a cast, an insert, a default and a view", async () => {
  const table = "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (tenant_id uuid PRIMARY KEY, mood mood);";
  for (const use of [
    "SELECT 'calm'::mood;",
    "INSERT INTO t (tenant_id, mood) VALUES (gen_random_uuid(), 'calm');",
    "ALTER TABLE t ALTER mood SET DEFAULT 'calm';",
    "CREATE VIEW v WITH (security_invoker = true) AS SELECT tenant_id FROM t WHERE mood = 'calm';",
  ]) {
    const said = await placesOf({
      tables: ["t: { tenant: true }"],
      sql: { "002_t.sql": table, "003_mood.sql": `${add}${use}` },
    });
    assert.deepEqual(
      said,
      ["003_mood.sql:2:1 The value `calm` of `mood` is used in the transaction that adds it, which PostgreSQL refuses"],
      use,
    );
  }
});
