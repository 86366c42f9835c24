import assert from "node:assert/strict";
import test from "node:test";
import { addUniqueConstraint } from "../../../../lint/rules/add-unique-constraint";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers ADD CONSTRAINT one_email UNIQUE (tenant_id, email);`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(addUniqueConstraint, bad), [
    "1 The index of this key of `customers` is built under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile",
  ]);
  assert.match((await fixes(addUniqueConstraint, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      addUniqueConstraint,
      `ALTER TABLE customers ADD CONSTRAINT one_email UNIQUE USING INDEX customers_one_email;`,
    ),
    [],
  );
});
