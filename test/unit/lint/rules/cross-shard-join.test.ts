import assert from "node:assert/strict";
import test from "node:test";
import { crossShardJoin } from "../../../../lint/rules/cross-shard-join";
import { fixes, found } from "../shop-with";

const bad = `CREATE VIEW bought WITH (security_invoker = true) AS
SELECT o.tenant_id, c.name FROM orders AS o
JOIN customers AS c ON c.customer_id = o.customer_id;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(crossShardJoin, bad), [
    "3 `customers` is joined without `tenant_id`: rows travel between nodes, and tenants mix",
  ]);
  assert.match((await fixes(crossShardJoin, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
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

test("accepts joins by USING, and the same value on both sides", async () => {
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

test("reports joins in functions", async () => {
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

const apart = {
  LATERAL: `CREATE VIEW latest_order WITH (security_invoker = true) AS
SELECT c.tenant_id, c.name, l.order_id
FROM customers AS c
CROSS JOIN LATERAL (
  SELECT o.order_id FROM orders AS o
  WHERE o.customer_id = c.customer_id AND o.placed_at > now() - interval '30 days'
  ORDER BY o.placed_at DESC LIMIT 1
) AS l;`,
  WITH: `CREATE FUNCTION f(t uuid) RETURNS bigint LANGUAGE sql AS $$
WITH mine AS (SELECT customer_id, name FROM customers WHERE tenant_id = $1)
  SELECT count(*) FROM mine m
  JOIN orders o ON o.customer_id = m.customer_id
  WHERE o.placed_at >= now() - interval '7 days' $$;`,
  IN: `CREATE VIEW v WITH (security_invoker) AS SELECT * FROM orders WHERE customer_id IN (SELECT customer_id FROM customers WHERE country = 'CH');`,
  "NOT IN": `CREATE VIEW v WITH (security_invoker) AS SELECT * FROM orders WHERE customer_id NOT IN (SELECT customer_id FROM customers WHERE country = 'CH');`,
  EXISTS: `CREATE VIEW v WITH (security_invoker) AS SELECT * FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE c.customer_id = o.customer_id);`,
  "NOT EXISTS behind OR": `CREATE VIEW v WITH (security_invoker) AS SELECT * FROM orders o WHERE o.total > 5 OR NOT EXISTS (SELECT FROM customers c WHERE c.customer_id = o.customer_id);`,
  "NATURAL with a subquery": `CREATE VIEW v WITH (security_invoker) AS SELECT order_id FROM (SELECT customer_id, name FROM customers) c NATURAL JOIN orders;`,
  "scalar subquery": `CREATE VIEW v WITH (security_invoker) AS SELECT c.name, (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id) AS n FROM customers c;`,
  "grouped subquery": `CREATE VIEW v WITH (security_invoker) AS SELECT c.name, n FROM customers c JOIN (SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id) o USING (customer_id);`,
  ANY: `CREATE VIEW v WITH (security_invoker) AS SELECT 1 AS a FROM orders WHERE customer_id = ANY (SELECT customer_id FROM customers);`,
  "ANY of an array": `CREATE VIEW v WITH (security_invoker) AS SELECT 1 AS a FROM orders WHERE customer_id = ANY (ARRAY (SELECT customer_id FROM customers));`,
  "loop in PL/pgSQL": `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN FOR r IN SELECT o.order_id FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE c.customer_id = o.customer_id) LOOP NULL; END LOOP; END $$;`,
  "BEGIN ATOMIC": `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM orders o JOIN customers c ON c.customer_id = o.customer_id; END;`,
  RETURN: `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql RETURN (SELECT count(*) FROM orders o JOIN customers c ON c.customer_id = o.customer_id);`,
  "UPDATE … FROM": `UPDATE orders o SET total = 0 FROM customers c WHERE c.customer_id = o.customer_id;`,
  "WITH that reads WITH": `CREATE VIEW v WITH (security_invoker) AS WITH a AS (SELECT customer_id FROM customers), b AS (SELECT customer_id FROM a) SELECT o.order_id FROM b JOIN orders o USING (customer_id);`,
  "INSERT … SELECT": `INSERT INTO order_items (tenant_id, order_id, product_id) SELECT o.tenant_id, o.order_id, c.name FROM orders o JOIN customers c USING (customer_id);`,
  MERGE: `MERGE INTO customers s USING orders o ON s.customer_id = o.customer_id WHEN MATCHED THEN UPDATE SET name = 'x';`,
};

for (const [kind, text] of Object.entries(apart)) {
  test(`reports tables that are not joined by tenant: ${kind}`, async () => {
    assert.equal((await found(crossShardJoin, text)).length, 1);
  });
}

test("reports joins in views, also in views of an earlier statement", async () => {
  const view = "CREATE VIEW mine WITH (security_invoker) AS SELECT tenant_id AS t, customer_id FROM customers;";
  const joined = (on: string) => `${view}\nCREATE VIEW v AS SELECT 1 AS a FROM mine m JOIN orders o ON ${on};`;
  assert.deepEqual(await found(crossShardJoin, joined("o.customer_id = m.customer_id")), [
    "2 `orders` is joined without `tenant_id`: rows travel between nodes, and tenants mix",
  ]);
  assert.deepEqual(await found(crossShardJoin, joined("o.customer_id = m.customer_id AND m.t = o.tenant_id")), []);
});

test("accepts tables joined by tenant anywhere in the query", async () => {
  const text = `CREATE VIEW a AS SELECT c.name, (SELECT count(*) FROM orders o WHERE o.tenant_id = c.tenant_id) AS n
FROM customers c CROSS JOIN LATERAL (SELECT o.order_id FROM orders o WHERE o.tenant_id = c.tenant_id LIMIT 1) AS l
WHERE EXISTS (SELECT FROM order_items i WHERE i.tenant_id = c.tenant_id)
  AND (c.tenant_id, c.customer_id) IN (SELECT tenant_id, customer_id FROM orders);
CREATE VIEW b AS SELECT line FROM (SELECT tenant_id, order_id FROM orders) AS o NATURAL JOIN order_items;
CREATE VIEW c AS WITH RECURSIVE t AS (SELECT tenant_id, order_id FROM orders
  UNION ALL SELECT o.tenant_id, o.order_id FROM orders o JOIN t ON t.tenant_id = o.tenant_id)
SELECT line FROM t JOIN order_items USING (tenant_id, order_id);
CREATE VIEW d AS SELECT name FROM (SELECT tenant_id FROM orders UNION ALL SELECT tenant_id FROM order_items) u
JOIN customers USING (tenant_id);
CREATE VIEW e AS WITH s AS MATERIALIZED (SELECT * FROM orders)
SELECT s.order_id FROM s JOIN customers c ON (c.tenant_id, c.customer_id) = (s.tenant_id, s.customer_id);
CREATE VIEW f AS SELECT j.order_id FROM (orders NATURAL JOIN order_items) AS j
JOIN customers c ON c.tenant_id = j.tenant_id;
CREATE VIEW g AS SELECT name FROM customers c WHERE tenant_id = $1
AND customer_id IN (SELECT customer_id FROM orders WHERE tenant_id = $1);`;
  assert.deepEqual(await found(crossShardJoin, text), []);
});

test("does not count one row of aggregates as joined with other rows", async () => {
  const text =
    "CREATE VIEW v AS SELECT c.name, t.n, (SELECT max(total) FROM orders) AS most FROM customers c, (SELECT count(*) AS n FROM orders) t;";
  assert.deepEqual(await found(crossShardJoin, text), []);
});

test("does not count the sides of UNION as joined", async () => {
  const text = "CREATE VIEW v AS SELECT name FROM customers UNION ALL SELECT order_id::text FROM orders;";
  assert.deepEqual(await found(crossShardJoin, text), []);
});

test("stays fast for WITH and views that double with each level", async () => {
  const withs = Array.from(
    { length: 40 },
    (_, i) => `a${i + 1} AS (SELECT x.* FROM a${i} x, a${i} y UNION SELECT * FROM a${i})`,
  );
  const views = Array.from(
    { length: 20 },
    (_, i) => `CREATE VIEW v${i + 1} AS SELECT * FROM v${i} a, v${i} b, v${i} c;`,
  );
  const text = `CREATE VIEW w AS WITH a0 AS (SELECT * FROM orders), ${withs.join(", ")} SELECT * FROM a40;
CREATE VIEW v0 AS SELECT * FROM orders WHERE tenant_id = $1;
${views.join("\n")}`;
  assert.deepEqual(await found(crossShardJoin, text), []);
});
