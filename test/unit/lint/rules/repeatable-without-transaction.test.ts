import assert from "node:assert/strict";
import test from "node:test";
import { repeatableWithoutTransaction } from "../../../../lint/rules/repeatable-without-transaction";
import { fixes, found } from "../shop-with";

const bad = `-- tenantry: no transaction
CREATE INDEX CONCURRENTLY i ON customers (tenant_id, name);`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(repeatableWithoutTransaction, bad), [
    "2 This statement fails when the file, which has no transaction, is run again after a failure",
  ]);
  assert.match((await fixes(repeatableWithoutTransaction, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      repeatableWithoutTransaction,
      `-- tenantry: no transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON customers (tenant_id, name);`,
    ),
    [],
  );
});
