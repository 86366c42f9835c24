import assert from "node:assert/strict";
import test from "node:test";
import { enumValueOrder } from "../../../../lint/rules/enum-value-order";
import { fixes, found } from "../shop-with";

const bad = `ALTER TYPE status ADD VALUE 'packed';`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(enumValueOrder, bad), ["1 Value `packed` of `status` sorts after all others, for good"]);
  assert.match((await fixes(enumValueOrder, bad)).join(), /^Say where/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(enumValueOrder, `ALTER TYPE status ADD VALUE 'packed' BEFORE 'sent';`), []);
});
