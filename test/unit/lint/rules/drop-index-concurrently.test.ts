import assert from "node:assert/strict";
import test from "node:test";
import { dropIndexConcurrently } from "../../../../lint/rules/drop-index-concurrently";
import { fixes, found } from "../shop-with";

const bad = `DROP INDEX customers_by_name;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(dropIndexConcurrently, bad), [
    "1 Dropping index `customers_by_name` locks its table (ACCESS EXCLUSIVE), and everybody queues behind it",
  ]);
  assert.match((await fixes(dropIndexConcurrently, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      dropIndexConcurrently,
      `-- tenantry: no transaction
DROP INDEX CONCURRENTLY IF EXISTS customers_by_name;`,
    ),
    [],
  );
});
