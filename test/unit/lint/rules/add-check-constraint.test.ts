import assert from "node:assert/strict";
import test from "node:test";
import { addCheckConstraint } from "../../../../lint/rules/add-check-constraint";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers ADD CONSTRAINT named CHECK (name <> '');`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(addCheckConstraint, bad), [
    "1 This check of `customers` reads every row under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile",
  ]);
  assert.match((await fixes(addCheckConstraint, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(addCheckConstraint, `ALTER TABLE customers ADD CONSTRAINT named CHECK (name <> '') NOT VALID;`),
    [],
  );
});

test("reports a column that is added with a CHECK, which reads every row too", async () => {
  const text = "ALTER TABLE customers ADD COLUMN age bigint CHECK (age > 0);";
  assert.equal((await found(addCheckConstraint, text)).length, 1);
  assert.match(
    (await fixes(addCheckConstraint, text)).join(),
    /^Add the column without it, then the CHECK with NOT VALID/,
  );
});
