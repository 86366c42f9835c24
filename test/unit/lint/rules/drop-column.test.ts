import assert from "node:assert/strict";
import test from "node:test";
import { dropColumn } from "../../../../lint/rules/drop-column";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers DROP COLUMN phone;`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(dropColumn, bad), [
    "1 Dropping column `customers.phone` breaks every running release that reads or writes it",
  ]);
  assert.match((await fixes(dropColumn, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(await found(dropColumn, `ALTER TABLE customers ADD COLUMN phone_number text;`), []);
});
