import assert from "node:assert/strict";
import test from "node:test";
import { createIndexConcurrently } from "../../../../lint/rules/create-index-concurrently";
import { fixes, found } from "../shop-with";

const bad = `CREATE INDEX customers_by_name ON customers (tenant_id, name);`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(createIndexConcurrently, bad), [
    "1 Building this index stops writes to `customers` (SHARE lock) until it is done",
  ]);
  assert.match((await fixes(createIndexConcurrently, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      createIndexConcurrently,
      `-- tenantry: no transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_by_name ON customers (tenant_id, name);`,
    ),
    [],
  );
});

test("accepts an index of a new table", async () => {
  assert.deepEqual(
    await found(
      createIndexConcurrently,
      `CREATE TABLE n (tenant_id uuid);
CREATE INDEX ON n (tenant_id);`,
    ),
    [],
  );
});

test("accepts ON ONLY, which builds nothing", async () => {
  assert.deepEqual(await found(createIndexConcurrently, `CREATE INDEX i ON ONLY orders (tenant_id);`), []);
});
