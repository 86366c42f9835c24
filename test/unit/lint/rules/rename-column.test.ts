import assert from "node:assert/strict";
import test from "node:test";
import { renameColumn } from "../../../../lint/rules/rename-column";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers RENAME COLUMN name TO full_name;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(renameColumn, bad), [
    "1 Renaming `customers.name` breaks every running release that uses the name",
  ]);
  assert.match((await fixes(renameColumn, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(renameColumn, `ALTER TABLE customers ADD COLUMN full_name text;`), []);
});
