import assert from "node:assert/strict";
import test from "node:test";
import { rowSecurityDisabled } from "../../../../lint/rules/row-security-disabled";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers DISABLE ROW LEVEL SECURITY;
ALTER TABLE orders NO FORCE ROW LEVEL SECURITY;
DROP POLICY tenant_isolation ON orders;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(rowSecurityDisabled, bad), [
    "1 Row level security of `customers` no longer holds: every tenant's rows become visible",
    "2 Row level security of `orders` no longer holds: every tenant's rows become visible",
    "3 Without policy `tenant_isolation` the table shows no rows, or every tenant's",
  ]);
  assert.match((await fixes(rowSecurityDisabled, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(rowSecurityDisabled, `ALTER TABLE customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;`),
    [],
  );
});
