import assert from "node:assert/strict";
import test from "node:test";
import { renameColumn } from "../../../../lint/rules/rename-column";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers RENAME COLUMN name TO full_name;`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(renameColumn, bad), [
    "1 Renaming `customers.name` breaks every running release that uses the name",
  ]);
  assert.match((await fixes(renameColumn, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(await found(renameColumn, `ALTER TABLE customers ADD COLUMN full_name text;`), []);
});
