import assert from "node:assert/strict";
import test from "node:test";
import { dropDatabase } from "../../../../lint/rules/drop-database";
import { fixes, found } from "../shop-with";

const bad = `DROP SCHEMA shop CASCADE;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(dropDatabase, bad), ["1 DROP SCHEMA … CASCADE loses every tenant's rows at once"]);
  assert.match((await fixes(dropDatabase, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(dropDatabase, `DROP VIEW IF EXISTS stock;`), []);
});

test("reports DROP DATABASE", async () => {
  assert.deepEqual(await found(dropDatabase, `DROP DATABASE shop;`), [
    "1 DROP DATABASE loses every tenant's rows at once",
  ]);
});
