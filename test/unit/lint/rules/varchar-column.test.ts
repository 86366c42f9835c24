import assert from "node:assert/strict";
import test from "node:test";
import { varcharColumn } from "../../../../lint/rules/varchar-column";
import { fixes, found } from "../shop-with";

const bad = `CREATE TABLE places (name varchar(40));`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(varcharColumn, bad), [
    "1 The limit of `places.name` can only be changed under ACCESS EXCLUSIVE",
  ]);
  assert.match((await fixes(varcharColumn, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(varcharColumn, `CREATE TABLE places (name text CHECK (length(name) <= 40));`), []);
});

test("reports arrays of varchar(n)", async () => {
  assert.equal((await found(varcharColumn, "CREATE TABLE t (a varchar(9)[]);")).length, 1);
});
