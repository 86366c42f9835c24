import assert from "node:assert/strict";
import test from "node:test";
import { changeColumnType } from "../../../../architecture/rules/change-column-type";
import { fixes, found } from "./shop-with";

const bad = `ALTER TABLE customers ALTER COLUMN visits TYPE bigint;`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(changeColumnType, bad), [
    "1 Changing the type of `customers.visits` rewrites the table under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile",
  ]);
  assert.match((await fixes(changeColumnType, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(await found(changeColumnType, `ALTER TABLE customers ADD COLUMN visits_new bigint;`), []);
});
