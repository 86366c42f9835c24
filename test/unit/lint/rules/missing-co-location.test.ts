import assert from "node:assert/strict";
import test from "node:test";
import { missingCoLocation } from "../../../../lint/rules/missing-co-location";
import { fixes, found } from "../shop-with";

const bad = `SELECT create_distributed_table('customers', 'customer_id');`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(missingCoLocation, bad), [
    "1 Distributing by `customer_id` keeps the table apart from its tenant's other rows",
  ]);
  assert.match((await fixes(missingCoLocation, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(missingCoLocation, `SELECT create_distributed_table('customers', 'tenant_id');`), []);
});
