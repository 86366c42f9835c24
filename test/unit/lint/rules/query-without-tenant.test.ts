import assert from "node:assert/strict";
import test from "node:test";
import { queryWithoutTenant } from "../../../../lint/rules/query-without-tenant";
import { fixes, found } from "../shop-with";

const bad = `CREATE FUNCTION names() RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT name FROM customers WHERE country = 'CH'
$$;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(queryWithoutTenant, bad), [
    "2 This asks every shard of `customers`: row level security alone prunes none",
  ]);
  assert.match((await fixes(queryWithoutTenant, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
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

test("accepts the tenant by USING, a join or a condition on one of the tables", async () => {
  assert.deepEqual(
    await found(
      queryWithoutTenant,
      `CREATE FUNCTION f(t uuid) RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM orders JOIN customers USING (tenant_id) WHERE tenant_id = t
$$;`,
    ),
    [],
  );
});

test("does not count a parameter with the column's name as a filter", async () => {
  assert.deepEqual(
    await found(
      queryWithoutTenant,
      `CREATE FUNCTION f(tenant_id uuid) RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM customers c WHERE c.tenant_id = tenant_id
$$;`,
    ),
    ["2 This asks every shard of `customers`: row level security alone prunes none"],
  );
});
