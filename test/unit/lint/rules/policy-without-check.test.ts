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
