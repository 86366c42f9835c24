import assert from "node:assert/strict";
import test from "node:test";
import { foreignKeyWithoutTenant } from "../../../../lint/rules/foreign-key-without-tenant";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE orders ADD CONSTRAINT c FOREIGN KEY (customer_id) REFERENCES customers (customer_id) NOT VALID;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(foreignKeyWithoutTenant, bad), [
    "1 The foreign key of `orders` to `customers` leaves `tenant_id` out: it points across tenants and nodes",
  ]);
  assert.match((await fixes(foreignKeyWithoutTenant, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      foreignKeyWithoutTenant,
      `ALTER TABLE orders ADD CONSTRAINT c
  FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, customer_id) NOT VALID;`,
    ),
    [],
  );
});
