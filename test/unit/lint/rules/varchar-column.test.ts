import assert from "node:assert/strict";
import test from "node:test";
import { varcharColumn } from "../../../../lint/rules/varchar-column";
import { fixes, found } from "../shop-with";

const bad = `CREATE TABLE places (name varchar(40));`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(varcharColumn, bad), [
    "1 The limit of `places.name` can only be changed under ACCESS EXCLUSIVE",
  ]);
  assert.match((await fixes(varcharColumn, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(await found(varcharColumn, `CREATE TABLE places (name text CHECK (length(name) <= 40));`), []);
});

test("arrays of it count", async () => {
  assert.equal((await found(varcharColumn, "CREATE TABLE t (a varchar(9)[]);")).length, 1);
});
