import assert from "node:assert/strict";
import test from "node:test";
import { renameObject } from "../../../../lint/rules/rename-object";
import { fixes, found } from "../shop-with";

const bad = `ALTER FUNCTION price_of(uuid) RENAME TO cost_of;
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
ALTER SCHEMA shop RENAME TO store;
ALTER TYPE mood SET SCHEMA extra;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(renameObject, bad), [
    "1 Renaming function `price_of` breaks every running release that uses the name",
    "2 Renaming value `sad` of `mood` breaks every running release that uses the name",
    "3 Renaming schema `shop` breaks every running release that uses the name",
    "4 Moving type `mood` breaks every running release that uses the name",
  ]);
  assert.match((await fixes(renameObject, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      renameObject,
      `CREATE TYPE mine AS ENUM ('a');
ALTER TYPE mine RENAME VALUE 'a' TO 'b';
ALTER TYPE mood ADD VALUE 'blue';`,
    ),
    [],
  );
});

test("reports procedures, aggregates, types, domains and attributes", async () => {
  const renamed = ["PROCEDURE p()", "ROUTINE r()", "AGGREGATE a(int)", "TYPE t", "DOMAIN d"];
  for (const each of renamed) {
    assert.equal((await found(renameObject, `ALTER ${each} RENAME TO x;`)).length, 1, each);
    assert.equal((await found(renameObject, `ALTER ${each} SET SCHEMA x;`)).length, 1, each);
  }
  assert.equal((await found(renameObject, "ALTER TYPE t RENAME ATTRIBUTE a TO b;")).length, 1);
});

const swap = `CREATE TYPE mood_new AS ENUM ('glad');
ALTER TABLE customers ALTER COLUMN mood TYPE mood_new USING mood::text::mood_new;
ALTER TYPE mood RENAME TO mood_old;
ALTER TYPE mood_new RENAME TO mood;
DROP TYPE mood_old;`;

test("accepts that another object of the file takes the name in the same transaction", async () => {
  assert.deepEqual(await found(renameObject, swap), []);
  assert.equal((await found(renameObject, `-- tenantry: no transaction\n${swap}`)).length, 1);
  assert.equal((await found(renameObject, swap.replace("TO mood;", "TO feeling;"))).length, 1);
});
