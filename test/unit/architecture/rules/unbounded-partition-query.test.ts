import assert from "node:assert/strict";
import test from "node:test";
import { unboundedPartitionQuery } from "../../../../architecture/rules/unbounded-partition-query";
import { fixes, found } from "./shop-with";

const bad = `CREATE FUNCTION revenue(t uuid) RETURNS numeric LANGUAGE sql STABLE AS $$
  SELECT sum(total) FROM orders WHERE tenant_id = t
$$;`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(unboundedPartitionQuery, bad), [
    "2 This reads every partition of `orders`: nothing bounds its time",
  ]);
  assert.match((await fixes(unboundedPartitionQuery, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(
    await found(
      unboundedPartitionQuery,
      `CREATE FUNCTION revenue(t uuid) RETURNS numeric LANGUAGE sql STABLE AS $$
  SELECT sum(total) FROM orders WHERE tenant_id = t AND placed_at >= now() - interval '30 days'
$$;`,
    ),
    [],
  );
});
