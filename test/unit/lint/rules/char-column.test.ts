import assert from "node:assert/strict";
import test from "node:test";
import { charColumn } from "../../../../lint/rules/char-column";
import { fixes, found } from "../shop-with";

const bad = `CREATE TABLE places (code char(2));`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(charColumn, bad), ["1 `places.code` is char(n): PostgreSQL pads it with blanks"]);
  assert.match((await fixes(charColumn, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(charColumn, `CREATE TABLE places (code text CHECK (length(code) = 2));`), []);
});

test("reports arrays of char(n)", async () => {
  assert.equal((await found(charColumn, "CREATE TABLE t (a char(3)[]);")).length, 1);
});
