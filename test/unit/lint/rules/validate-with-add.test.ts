import assert from "node:assert/strict";
import test from "node:test";
import { validateWithAdd } from "../../../../lint/rules/validate-with-add";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers ADD CONSTRAINT named CHECK (name <> '') NOT VALID;
ALTER TABLE customers VALIDATE CONSTRAINT named;`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(validateWithAdd, bad), [
    "2 Constraint `named` of `customers` is validated under the lock of the ALTER that added it",
  ]);
  assert.match((await fixes(validateWithAdd, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(await found(validateWithAdd, `ALTER TABLE customers VALIDATE CONSTRAINT added_earlier;`), []);
});
