import assert from "node:assert/strict";
import test from "node:test";
import { dropColumn } from "../../../../lint/rules/drop-column";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers DROP COLUMN phone;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(dropColumn, bad), [
    "1 Dropping column `customers.phone` breaks every running release that reads or writes it",
  ]);
  assert.match((await fixes(dropColumn, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(dropColumn, `ALTER TABLE customers ADD COLUMN phone_number text;`), []);
});
