import assert from "node:assert/strict";
import test from "node:test";
import { truncateCascade } from "../../../../lint/rules/truncate-cascade";
import { fixes, found } from "../shop-with";

const bad = `TRUNCATE customers CASCADE;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(truncateCascade, bad), [
    "1 TRUNCATE … CASCADE empties every table that refers to this one, under ACCESS EXCLUSIVE",
  ]);
  assert.match((await fixes(truncateCascade, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(truncateCascade, `TRUNCATE countries;`), []);
});
