import assert from "node:assert/strict";
import test from "node:test";
import { crossShardJoin } from "../../../../architecture/rules/cross-shard-join";
import { fixes, found } from "./shop-with";

const bad = `CREATE VIEW bought WITH (security_invoker = true) AS
SELECT o.tenant_id, c.name FROM orders AS o
JOIN customers AS c ON c.customer_id = o.customer_id;`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(crossShardJoin, bad), [
    "3 `customers` is joined without `tenant_id`: rows travel between nodes, and tenants mix",
  ]);
  assert.match((await fixes(crossShardJoin, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(
    await found(
      crossShardJoin,
      `CREATE VIEW bought WITH (security_invoker = true) AS
SELECT o.tenant_id, c.name FROM orders AS o
JOIN customers AS c ON c.tenant_id = o.tenant_id AND c.customer_id = o.customer_id;`,
    ),
    [],
  );
});

test("USING and values for both sides hold them together", async () => {
  assert.deepEqual(
    await found(
      crossShardJoin,
      `CREATE VIEW v AS SELECT 1 FROM orders JOIN customers USING (tenant_id, customer_id);
SELECT 1 FROM orders o, customers c WHERE o.tenant_id = $1 AND c.tenant_id = $1;
SELECT 1 FROM orders o, countries c;`,
    ),
    [],
  );
});

test("functions are looked into", async () => {
  assert.deepEqual(
    await found(
      crossShardJoin,
      `CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT count(*) FROM orders o
    JOIN customers c ON c.customer_id = o.customer_id);
END
$$;
CREATE FUNCTION g() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM orders o, customers c
$$;`,
    ),
    [
      "4 `customers` is joined without `tenant_id`: rows travel between nodes, and tenants mix",
      "8 `customers` is joined without `tenant_id`: rows travel between nodes, and tenants mix",
    ],
  );
});
