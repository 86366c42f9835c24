import assert from "node:assert/strict";
import test from "node:test";
import { securityDefiner } from "../../../../lint/rules/security-definer";
import { fixes, found } from "../shop-with";

const bad = `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(securityDefiner, bad), [
    "1 SECURITY DEFINER runs with its owner's rights: row level security does not restrict its caller",
  ]);
  assert.match((await fixes(securityDefiner, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(securityDefiner, `CREATE FUNCTION f() RETURNS bigint LANGUAGE sql SECURITY INVOKER AS 'SELECT 1';`),
    [],
  );
});
