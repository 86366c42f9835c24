import assert from "node:assert/strict";
import test from "node:test";
import { tenantIdentityColumn } from "../../../../lint/rules/tenant-identity-column";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(tenantIdentityColumn, bad), [
    "1 Tenant table `customers` numbers `number` by a sequence: Citus refuses it, or shards count apart",
  ]);
  assert.match((await fixes(tenantIdentityColumn, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(await found(tenantIdentityColumn, `ALTER TABLE customers ADD COLUMN number uuid;`), []);
});
