import assert from "node:assert/strict";
import test from "node:test";
import { queryWithoutTenant } from "../../../../architecture/rules/query-without-tenant";
import { fixes, found } from "./shop-with";

const bad = `CREATE FUNCTION names() RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT name FROM customers WHERE country = 'CH'
$$;`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(queryWithoutTenant, bad), [
    "2 This asks every shard of `customers`: row level security alone prunes none",
  ]);
  assert.match((await fixes(queryWithoutTenant, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(
    await found(
      queryWithoutTenant,
      `CREATE FUNCTION names() RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT name FROM customers WHERE tenant_id = tenantry.current_tenant() AND country = 'CH'
$$;`,
    ),
    [],
  );
});
