import assert from "node:assert/strict";
import test from "node:test";
import { expectedInstead, tenantValue } from "../../../../architecture/tenancy/tenant-value";

const uuid = "0193f7a0-0000-7000-8000-00000000000a";

test("checks a value by the tenant column's type, and a number by its range in PostgreSQL", () => {
  assert.equal(expectedInstead("uuid", uuid.toUpperCase()), undefined);
  assert.equal(expectedInstead("uuid", "acme"), "a uuid");
  assert.equal(expectedInstead("integer", "-2147483648"), undefined);
  assert.equal(expectedInstead("integer", "2147483648"), "a whole number of 32 bits");
  assert.equal(expectedInstead("bigint", "9223372036854775807"), undefined);
  assert.equal(expectedInstead("bigint", "9223372036854775808"), "a whole number of 64 bits");
  assert.equal(expectedInstead("text", "acme: the first"), undefined);
  assert.equal(expectedInstead("text", ""), "a text of 200 characters at most");
});

test("normalises a value to PostgreSQL's spelling", () => {
  assert.equal(tenantValue("uuid", uuid.toUpperCase()), uuid);
  assert.equal(tenantValue("integer", "-007"), "-7");
  assert.equal(tenantValue("text", "Acme"), "Acme");
});
