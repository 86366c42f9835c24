import assert from "node:assert/strict";
import test from "node:test";
import { addSerialColumn } from "../../../../lint/rules/add-serial-column";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE countries ADD COLUMN id bigserial PRIMARY KEY;`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(addSerialColumn, bad), [
    "1 Column `countries.id` is numbered or indexed for every row under ACCESS EXCLUSIVE",
  ]);
  assert.match((await fixes(addSerialColumn, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(await found(addSerialColumn, `ALTER TABLE countries ADD COLUMN id bigint;`), []);
});
