import assert from "node:assert/strict";
import test from "node:test";
import { backfillWithDdl } from "../../../../lint/rules/backfill-with-ddl";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers ADD COLUMN nick text;
UPDATE customers SET nick = name;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(backfillWithDdl, bad), [
    "2 UPDATE of all rows of `customers` runs in the transaction that locks `customers`: nobody gets past the lock until it ends",
  ]);
  assert.match((await fixes(backfillWithDdl, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      backfillWithDdl,
      `-- tenantry: no transaction
ALTER TABLE customers ADD COLUMN nick text;
UPDATE customers SET nick = name;`,
    ),
    [],
  );
});

test("reports a backfill before the DDL, in a DO block, in a CTE, and by DELETE, MERGE and INSERT … SELECT", async () => {
  const statements = [
    "UPDATE customers SET name = trim(name) WHERE country = 'CH';",
    "DO $$ BEGIN UPDATE customers SET name = trim(name); END $$;",
    "WITH gone AS (DELETE FROM orders RETURNING *) SELECT count(*) FROM gone;",
    "MERGE INTO customers USING countries ON code = country WHEN MATCHED THEN UPDATE SET name = 'x';",
    "INSERT INTO customers (tenant_id) SELECT tenant_id FROM orders;",
  ];
  for (const statement of statements) {
    const text = `${statement}\nCREATE INDEX i ON customers (tenant_id, name);`;
    assert.equal((await found(backfillWithDdl, text)).length, 1, statement);
  }
});

test("reports in the message whether a condition chooses the rows", async () => {
  const text = "ALTER TABLE customers ADD COLUMN nick text;\nUPDATE customers SET nick = name WHERE country = 'CH';";
  assert.match((await found(backfillWithDdl, text)).join(), /UPDATE of the rows that WHERE finds in `customers` runs/);
});

test("accepts rows chosen by their key, a batch, reference tables, and tables that the file creates", async () => {
  const good = `ALTER TABLE customers ADD COLUMN nick text;
UPDATE customers SET nick = 'x' WHERE tenant_id = 'a' AND customer_id IN ('b', 'c');
DELETE FROM customers WHERE customer_id IN (SELECT customer_id FROM customers LIMIT 100);
UPDATE countries SET name = upper(name);
INSERT INTO countries (code) VALUES ('CH');
CREATE TABLE fresh (id bigint PRIMARY KEY);
UPDATE fresh SET id = 1;`;
  assert.deepEqual(await found(backfillWithDdl, good), []);
  assert.deepEqual(await found(backfillWithDdl, "UPDATE customers SET name = 'x';\nCREATE TABLE t (id int);"), []);
});
