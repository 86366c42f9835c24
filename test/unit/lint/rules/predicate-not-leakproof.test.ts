import assert from "node:assert/strict";
import test from "node:test";
import { predicateNotLeakproof } from "../../../../lint/rules/predicate-not-leakproof";
import { fixes, found } from "../shop-with";

const asFunction = (where: string, from = "customers") =>
  `CREATE FUNCTION f(t uuid) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM ${from} WHERE ${where} $$;`;

const bad = `CREATE INDEX i ON customers (tenant_id, lower(name));
${asFunction("tenant_id = t AND lower(name) = $2")}`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(predicateNotLeakproof, bad), [
    "2 Roles under row level security can't use the index on `customers` for this condition: its function is not leakproof, so they read all of a tenant's rows",
  ]);
  assert.match((await fixes(predicateNotLeakproof, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      predicateNotLeakproof,
      asFunction("tenant_id = t AND placed_at >= current_date::timestamptz", "orders"),
    ),
    [],
  );
});

const columns = `CREATE TYPE mood AS ENUM ('a');
ALTER TABLE customers ADD COLUMN email citext, ADD COLUMN price numeric, ADD COLUMN mood mood, ADD COLUMN tags text[],
  ADD COLUMN free numeric;
CREATE INDEX i ON customers (tenant_id, email, price, mood, tags, name);
CREATE INDEX j ON customers USING gin (name gin_trgm_ops);
`;

for (const where of [
  "c.email = $2",
  "$2 = c.email",
  "price BETWEEN 1 AND 2",
  "mood = 'a'",
  "tags @> ARRAY['x']",
  "email IN ($2, $3)",
  "name LIKE 'x%'",
  "name ~ '^x'",
]) {
  test(`reports ${where}`, async () => {
    const text = columns + asFunction(`c.tenant_id = t AND ${where}`, "customers AS c");
    assert.equal((await found(predicateNotLeakproof, text)).length, 1);
  });
}

for (const where of ["name = $2", "free = 5", "email <> $2", "mood::text = 'a'", "country LIKE 'x%'", "name ^@ 'x'"]) {
  test(`accepts ${where}`, async () => {
    assert.deepEqual(await found(predicateNotLeakproof, columns + asFunction(`tenant_id = t AND ${where}`)), []);
  });
}

test("checks joins, subqueries and views, and comparisons of different time types", async () => {
  const text = `CREATE VIEW v AS SELECT 1 AS a FROM tenants JOIN orders o ON o.placed_at > '2026-01-01'::date;
CREATE VIEW w AS SELECT 1 AS a FROM tenants WHERE EXISTS (SELECT FROM orders WHERE placed_at < current_date);
CREATE VIEW x AS SELECT 1 AS a FROM orders WHERE placed_at > now() AND placed_at < '2026-01-01';
UPDATE orders SET total = 1 WHERE placed_at < current_date;`;
  assert.deepEqual(
    (await found(predicateNotLeakproof, text)).map((each) => each[0]),
    ["1", "2"],
  );
});
