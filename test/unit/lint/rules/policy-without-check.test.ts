import assert from "node:assert/strict";
import test from "node:test";
import { policyWithoutCheck } from "../../../../lint/rules/policy-without-check";
import { fixes, found } from "../shop-with";

const bad = `CREATE POLICY mine ON notes USING (owner = current_user);`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(policyWithoutCheck, bad), [
    "1 Policy `mine` does not restrict written rows to the tenant",
  ]);
  assert.match((await fixes(policyWithoutCheck, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      policyWithoutCheck,
      `CREATE POLICY mine ON notes USING (owner = current_user) WITH CHECK (owner = current_user);
CREATE POLICY read ON notes FOR SELECT USING (true);`,
    ),
    [],
  );
});

test("accepts a policy without WITH CHECK if a restrictive one holds written rows to the tenant, except on Citus", async () => {
  const sql = `CREATE POLICY readers ON customers USING (true);
CREATE POLICY own ON customers AS RESTRICTIVE USING (tenant_id = tenantry.current_tenant());`;
  assert.deepEqual(await found(policyWithoutCheck, sql, { citus: false }), []);
  assert.deepEqual(
    await found(policyWithoutCheck, sql.replace("RESTRICTIVE", "RESTRICTIVE FOR INSERT"), { citus: false }),
    ["1 Policy `readers` does not restrict written rows to the tenant"],
  );
  assert.deepEqual(await found(policyWithoutCheck, sql), [
    "1 Policy `readers` does not restrict written rows to the tenant: `own` doesn't either, because Citus drops the word RESTRICTIVE when it copies policies to the shards",
  ]);
});
