import assert from "node:assert/strict";
import test from "node:test";
import { detachPartition } from "../../../../lint/rules/detach-partition";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE orders DETACH PARTITION orders_2024_01;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(detachPartition, bad), [
    "1 Detaching a partition of `orders` stops every reader and writer of all its partitions",
  ]);
  assert.match((await fixes(detachPartition, bad)).join(), /^Citus refuses CONCURRENTLY/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      detachPartition,
      `-- tenantry: no transaction
ALTER TABLE orders DETACH PARTITION orders_2024_01 CONCURRENTLY;`,
    ),
    [],
  );
});
