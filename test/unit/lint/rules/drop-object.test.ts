import assert from "node:assert/strict";
import test from "node:test";
import { dropObject } from "../../../../lint/rules/drop-object";
import { fixes, found } from "../shop-with";

const bad = `DROP VIEW order_totals;
DROP FUNCTION price_of(uuid);
ALTER TYPE address DROP ATTRIBUTE street;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(dropObject, bad), [
    "1 Dropping view `order_totals` breaks every running release that uses it",
    "2 Dropping function `price_of` breaks every running release that uses it",
    "3 Dropping attribute `street` of type `address` breaks every running release that uses it",
  ]);
  assert.match((await fixes(dropObject, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      dropObject,
      `DROP FUNCTION IF EXISTS price_of(uuid);
CREATE FUNCTION price_of(uuid) RETURNS bigint LANGUAGE sql AS 'SELECT 1';
CREATE TYPE mine AS ENUM ('a');
DROP TYPE mine;`,
    ),
    [],
  );
});

test("reports each kind of object, several at once, also in DO blocks", async () => {
  const kinds = "MATERIALIZED VIEW,SEQUENCE,PROCEDURE,ROUTINE,AGGREGATE,TYPE,DOMAIN,SCHEMA,EXTENSION,COLLATION".split(
    ",",
  );
  for (const kind of kinds) {
    const statement = `DROP ${kind} IF EXISTS x${kind === "AGGREGATE" ? "(int)" : ""}`;
    assert.equal((await found(dropObject, `${statement};`)).length, 1, kind);
    assert.equal((await found(dropObject, `DO $$ BEGIN ${statement}; END $$;`)).length, 1, kind);
  }
  assert.equal((await found(dropObject, "DROP VIEW a, b;")).length, 2);
});

test("reports drops by CASCADE, and drops in a file without a transaction, though the file creates the object again", async () => {
  const again = "CREATE VIEW v AS SELECT 1 AS a;";
  assert.equal((await found(dropObject, `DROP VIEW v CASCADE; ${again}`)).length, 1);
  assert.equal((await found(dropObject, `-- tenantry: no transaction\nDROP VIEW v; ${again}`)).length, 1);
});

test("accepts the drop of an object under a name that the file gave it", async () => {
  const swap = `CREATE TYPE mood_new AS ENUM ('glad');
ALTER TYPE mood RENAME TO mood_old;
ALTER TYPE mood_new RENAME TO mood;
DROP TYPE mood_old`;
  assert.deepEqual(await found(dropObject, `${swap};`), []);
  assert.equal((await found(dropObject, `${swap} CASCADE;`)).length, 1);
});
