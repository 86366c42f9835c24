import assert from "node:assert/strict";
import test from "node:test";
import { addRequiredColumn } from "../../../../lint/rules/add-required-column";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers
  ADD COLUMN phone text NOT NULL;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(addRequiredColumn, bad), [
    "2 Column `customers.phone` is NOT NULL without a default: INSERTs of the running release fail",
  ]);
  assert.match((await fixes(addRequiredColumn, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(addRequiredColumn, `ALTER TABLE customers ADD COLUMN phone text NOT NULL DEFAULT '';`),
    [],
  );
});

test("accepts it on a table that the file itself creates", async () => {
  assert.deepEqual(
    await found(
      addRequiredColumn,
      `CREATE TABLE notes (tenant_id uuid);
ALTER TABLE notes ADD COLUMN body text NOT NULL;`,
    ),
    [],
  );
});
