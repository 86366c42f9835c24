import assert from "node:assert/strict";
import test from "node:test";
import { isolatedTenantProblems } from "../../../../architecture/tenancy/isolated-tenants";

const uuid = "0193f7a0-0000-7000-8000-00000000000a";

test("accepts tenants by values of the tenant column's type", () => {
  assert.deepEqual(isolatedTenantProblems("uuid", [uuid.toUpperCase()]), []);
  assert.deepEqual(isolatedTenantProblems("bigint", ["42", "-1"]), []);
  assert.deepEqual(isolatedTenantProblems("text", ["acme: the first"]), []);
});

test("reports invalid and repeated values together", () => {
  const problems = isolatedTenantProblems("uuid", ["acme", uuid, "7", uuid.toUpperCase()]);
  assert.deepEqual(
    problems.map(({ got }) => got),
    ["acme", "7", uuid],
  );
  assert.equal(problems[0]?.expected, "a uuid, as `tenant.type` in architecture.yaml is `uuid`");
  assert.equal(isolatedTenantProblems("integer", ["1.5"])[0]?.got, "1.5");
});
