import assert from "node:assert/strict";
import test from "node:test";
import { policySubquery } from "../../../../lint/rules/policy-subquery";
import { fixes, found } from "../shop-with";

const bad = `CREATE POLICY mine ON customers
  USING (tenant_id IN (SELECT tenant_id FROM tenants)) WITH CHECK (true);`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(policySubquery, bad), [
    "1 The subquery of policy `mine` runs for every row, and not at all on distributed tables",
  ]);
  assert.match((await fixes(policySubquery, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      policySubquery,
      `CREATE POLICY mine ON notes USING (owner = current_user) WITH CHECK (owner = current_user);`,
    ),
    [],
  );
});
