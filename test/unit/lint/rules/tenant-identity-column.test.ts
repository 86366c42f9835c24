import assert from "node:assert/strict";
import test from "node:test";
import { tenantIdentityColumn } from "../../../../lint/rules/tenant-identity-column";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(tenantIdentityColumn, bad), [
    "1 Tenant table `customers` numbers `number` by a sequence: Citus refuses it, or each node counts by itself",
  ]);
  assert.match((await fixes(tenantIdentityColumn, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(tenantIdentityColumn, `ALTER TABLE customers ADD COLUMN number uuid;`), []);
});
