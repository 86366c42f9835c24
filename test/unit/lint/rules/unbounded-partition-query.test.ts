import assert from "node:assert/strict";
import test from "node:test";
import { unboundedPartitionQuery } from "../../../../lint/rules/unbounded-partition-query";
import { fixes, found } from "../shop-with";

const bad = `CREATE FUNCTION revenue(t uuid) RETURNS numeric LANGUAGE sql STABLE AS $$
  SELECT sum(total) FROM orders WHERE tenant_id = t
$$;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(unboundedPartitionQuery, bad), [
    "2 This reads every partition of `orders`: nothing bounds its time",
  ]);
  assert.match((await fixes(unboundedPartitionQuery, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
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

const asFunction = (query: string) => `CREATE FUNCTION f(t uuid) RETURNS bigint LANGUAGE sql AS $$ ${query} $$;`;

const unbounded = [
  "SELECT count(*) FROM orders WHERE tenant_id = t AND placed_at < now()",
  "SELECT count(*) FROM orders WHERE tenant_id = t AND placed_at::date = current_date",
  "SELECT count(*) FROM orders WHERE tenant_id = t AND now() > placed_at",
  "SELECT count(*) FROM orders WHERE tenant_id = t AND date_trunc('day', placed_at) = $2",
  "SELECT count(*) FROM orders WHERE tenant_id = t AND placed_at <> now()",
  "WITH o AS (SELECT * FROM orders WHERE tenant_id = t) SELECT count(*) FROM o",
  "SELECT count(*) FROM orders WHERE tenant_id = t AND (placed_at > $2 OR status = 'x')",
  "SELECT count(*) FROM customers c WHERE c.tenant_id = t AND EXISTS (SELECT 1 FROM orders o WHERE o.tenant_id = c.tenant_id)",
  "SELECT count(*) FROM orders WHERE tenant_id = t AND placed_at NOT BETWEEN $2 AND $3",
];

for (const query of unbounded) {
  test(`reports a query without a bound: ${query}`, async () => {
    assert.equal((await found(unboundedPartitionQuery, asFunction(query))).length, 1);
  });
}

const bounded = [
  "SELECT count(*) FROM orders WHERE tenant_id = t AND now() - interval '1 day' < placed_at",
  "SELECT count(*) FROM orders WHERE tenant_id = t AND placed_at BETWEEN $2 AND $3",
  "SELECT count(*) FROM orders o JOIN order_items i USING (tenant_id, placed_at, order_id) WHERE tenant_id = t AND o.placed_at >= $2 AND o.placed_at < $3",
  "SELECT 1 FROM orders WHERE tenant_id = t AND placed_at < $2 ORDER BY placed_at DESC LIMIT 20",
  "SELECT 1 FROM orders WHERE tenant_id = t AND placed_at = ANY ($2)",
  "WITH o AS (SELECT * FROM orders WHERE tenant_id = t) SELECT count(*) FROM o WHERE placed_at > $2",
];

for (const query of bounded) {
  test(`accepts a query with a bound: ${query}`, async () => {
    assert.deepEqual(await found(unboundedPartitionQuery, asFunction(query)), []);
  });
}

test("checks queries through views", async () => {
  const views = `CREATE VIEW all_orders AS SELECT tenant_id, placed_at AS at FROM orders;
CREATE VIEW recent AS SELECT * FROM all_orders WHERE at > now() - interval '30 days';`;
  const read = (query: string) => found(unboundedPartitionQuery, `${views}\n${asFunction(query)}`);
  assert.deepEqual(await read("SELECT count(*) FROM all_orders WHERE tenant_id = t"), [
    "3 This reads every partition of `orders` (in view `all_orders`): nothing bounds its time",
  ]);
  assert.deepEqual(
    await read("SELECT count(*) FROM all_orders WHERE tenant_id = t AND at >= now() - interval '1 day'"),
    [],
  );
  assert.deepEqual(await read("SELECT count(*) FROM recent WHERE tenant_id = t"), []);
});
