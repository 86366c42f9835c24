import assert from "node:assert/strict";
import test from "node:test";
import { timestampColumn } from "../../../../lint/rules/timestamp-column";
import { fixes, found } from "../shop-with";

const bad = `CREATE TABLE places (opened_at timestamp);`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(timestampColumn, bad), [
    "1 `places.opened_at` keeps a time without its zone: readers take it for different moments",
  ]);
  assert.match((await fixes(timestampColumn, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(timestampColumn, `CREATE TABLE places (opened_at timestamptz);`), []);
});

test("reports arrays of timestamp", async () => {
  assert.equal((await found(timestampColumn, "CREATE TABLE t (a timestamp[]);")).length, 1);
});
