import assert from "node:assert/strict";
import test from "node:test";
import { concurrentlyInTransaction } from "../../../../architecture/rules/concurrently-in-transaction";
import { fixes, found } from "./shop-with";

const bad = `CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON customers (tenant_id, name);`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(concurrentlyInTransaction, bad), [
    "1 CONCURRENTLY fails here: the file runs in one transaction",
  ]);
  assert.match((await fixes(concurrentlyInTransaction, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(
    await found(
      concurrentlyInTransaction,
      `-- tenantry: no transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON customers (tenant_id, name);`,
    ),
    [],
  );
});

test("detaching a partition concurrently counts", async () => {
  assert.deepEqual(
    await found(concurrentlyInTransaction, `ALTER TABLE orders DETACH PARTITION orders_2020 CONCURRENTLY;`),
    ["1 CONCURRENTLY fails here: the file runs in one transaction"],
  );
});
