import assert from "node:assert/strict";
import test from "node:test";
import { indexNotLeakproof } from "../../../../lint/rules/index-not-leakproof";
import { fixes, found } from "../shop-with";

const bad = `CREATE INDEX customers_lower_name ON customers (tenant_id, lower(name));`;
const what = (column: string, why: string) =>
  `Roles under row level security can't look up ${column} in this index: ${why} is not leakproof, so they read all of a tenant's rows`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(indexNotLeakproof, bad), [`1 ${what("`customers` by an expression", "its function")}`]);
  assert.match((await fixes(indexNotLeakproof, bad)).join(), /^Use a column `GENERATED ALWAYS AS/);
});

test("accepts the good example", async () => {
  const good = `ALTER TABLE customers ADD COLUMN name_key text GENERATED ALWAYS AS (lower(name)) STORED;
CREATE INDEX customers_name_key ON customers (tenant_id, name_key);
CREATE INDEX customers_country ON customers (tenant_id, (country::varchar));
CREATE UNIQUE INDEX customers_name ON customers (tenant_id, lower(name));`;
  assert.deepEqual(await found(indexNotLeakproof, good), []);
});

test("reports a type whose comparison is not leakproof, in an index and in both kinds of keys", async () => {
  const citext = what("`customers.email`", "`=` of `citext`");
  assert.deepEqual(
    await found(
      indexNotLeakproof,
      "ALTER TABLE customers ADD COLUMN email citext;\nALTER TABLE customers ADD UNIQUE (tenant_id, email);",
    ),
    [`2 ${citext}`],
  );
  assert.deepEqual(await found(indexNotLeakproof, "ALTER TABLE customers ADD COLUMN email citext UNIQUE;"), [
    `1 ${citext}`,
  ]);
  assert.deepEqual(await found(indexNotLeakproof, "CREATE INDEX by_total ON orders (tenant_id, total);"), [
    `1 ${what("`orders.total`", "`=` of `numeric`")}`,
  ]);
  assert.deepEqual(
    await found(
      indexNotLeakproof,
      "ALTER TABLE customers ADD COLUMN tags text[];\nCREATE INDEX t ON customers (tenant_id, tags);",
    ),
    [`2 ${what("`customers.tags`", "`=` of `text[]`")}`],
  );
});

test("reports an enum that the files create, and indexes that are not btree", async () => {
  const sql = `CREATE TYPE state AS ENUM ('open', 'closed');
ALTER TABLE customers ADD COLUMN state state;
CREATE INDEX by_state ON customers (tenant_id, state);
CREATE INDEX by_words ON customers USING gin (to_tsvector('english', name));`;
  assert.deepEqual(await found(indexNotLeakproof, sql), [
    `3 ${what("`customers.state`", "`=` of `state`")}`,
    `4 ${what("`customers` by gin", "what it looks for")}`,
  ]);
});

test("accepts tables that tenants share, which have no policy", async () => {
  assert.deepEqual(await found(indexNotLeakproof, "CREATE INDEX lower_name ON countries (lower(name));"), []);
});
