import assert from "node:assert/strict";
import test from "node:test";
import { validateWithAdd } from "../../../../lint/rules/validate-with-add";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers ADD CONSTRAINT named CHECK (name <> '') NOT VALID;
ALTER TABLE customers VALIDATE CONSTRAINT named;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(validateWithAdd, bad), [
    "2 Constraint `named` of `customers` is validated under the lock of the ALTER that added it",
  ]);
  assert.match((await fixes(validateWithAdd, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(validateWithAdd, `ALTER TABLE customers VALIDATE CONSTRAINT added_earlier;`), []);
});
