import assert from "node:assert/strict";
import test from "node:test";
import { addSerialColumn } from "../../../../lint/rules/add-serial-column";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE countries ADD COLUMN id bigserial PRIMARY KEY;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(addSerialColumn, bad), [
    "1 Column `countries.id` is numbered or indexed for every row under ACCESS EXCLUSIVE",
  ]);
  assert.match((await fixes(addSerialColumn, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(addSerialColumn, `ALTER TABLE countries ADD COLUMN id bigint;`), []);
});
