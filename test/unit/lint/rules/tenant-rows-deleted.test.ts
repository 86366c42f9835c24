import assert from "node:assert/strict";
import test from "node:test";
import { tenantRowsDeleted } from "../../../../lint/rules/tenant-rows-deleted";
import { fixes, found } from "../shop-with";

const bad = `DELETE FROM customers WHERE name IS NULL;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(tenantRowsDeleted, bad), ["1 DELETE loses tenants' rows of `customers`"]);
  assert.match((await fixes(tenantRowsDeleted, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(tenantRowsDeleted, `UPDATE customers SET name = '' WHERE name IS NULL;`), []);
});

test("reports TRUNCATE, MERGE, and DELETE inside another statement", async () => {
  const merge = "MERGE INTO orders USING customers ON true WHEN MATCHED THEN DELETE;";
  for (const sql of ["TRUNCATE countries, orders;", merge, "WITH gone AS (DELETE FROM orders RETURNING *) SELECT 1;"]) {
    assert.match((await found(tenantRowsDeleted, sql)).join(), /loses tenants' rows of `orders`/);
  }
});

test("accepts rows of other tables, and a function that deletes when the application calls it", async () => {
  const good =
    "DELETE FROM countries; CREATE FUNCTION forget() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM customers; END;";
  assert.deepEqual(await found(tenantRowsDeleted, good), []);
});
