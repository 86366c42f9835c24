import assert from "node:assert/strict";
import test from "node:test";
import { dropNotNull } from "../../../../lint/rules/drop-not-null";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers ALTER COLUMN email DROP NOT NULL;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(dropNotNull, bad), [
    "1 Readers of `customers.email` that expect a value fail on the first NULL",
  ]);
  assert.match((await fixes(dropNotNull, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(dropNotNull, `ALTER TABLE customers ADD COLUMN nickname text;`), []);
});
