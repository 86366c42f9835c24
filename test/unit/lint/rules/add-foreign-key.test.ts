import assert from "node:assert/strict";
import test from "node:test";
import { addForeignKey } from "../../../../lint/rules/add-foreign-key";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers ADD CONSTRAINT customers_country FOREIGN KEY (country) REFERENCES countries (code);`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(addForeignKey, bad), [
    "1 This foreign key of `customers` stops writes to both tables (SHARE ROW EXCLUSIVE) while every row is checked",
  ]);
  assert.match((await fixes(addForeignKey, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      addForeignKey,
      `ALTER TABLE customers ADD CONSTRAINT customers_country FOREIGN KEY (country) REFERENCES countries (code) NOT VALID;`,
    ),
    [],
  );
});

test("reports a foreign key of a new column", async () => {
  assert.deepEqual(
    await found(addForeignKey, `ALTER TABLE customers ADD COLUMN land text REFERENCES countries (code);`),
    ["1 This foreign key of `customers` stops writes to both tables (SHARE ROW EXCLUSIVE) while every row is checked"],
  );
});
