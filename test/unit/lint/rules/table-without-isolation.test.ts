import assert from "node:assert/strict";
import test from "node:test";
import { tableWithoutIsolation } from "../../../../lint/rules/table-without-isolation";
import { fixes, found } from "../shop-with";

const bad = `resources:
  - { type: "tenantry:index:DistributedTable", name: shop.orders, inputs: { schema: shop, table: orders } }`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(tableWithoutIsolation, bad, { in: "yaml" }), [
    "tenantry:index:DistributedTable shop.orders Tenant table `shop.orders` has no TenantIsolation: nothing keeps tenants apart in it",
  ]);
  assert.match((await fixes(tableWithoutIsolation, bad, { in: "yaml" })).join(), /^Declare a/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      tableWithoutIsolation,
      `resources:
  - { type: "tenantry:index:DistributedTable", name: shop.orders, inputs: { schema: shop, table: orders } }
  - { type: "tenantry:index:TenantIsolation", name: shop.orders, inputs: { schema: shop, table: orders } }`,
      { in: "yaml" },
    ),
    [],
  );
});
