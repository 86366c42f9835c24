import assert from "node:assert/strict";
import test from "node:test";
import { addColumnVolatileDefault } from "../../../../lint/rules/add-column-volatile-default";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers ADD COLUMN token uuid DEFAULT gen_random_uuid();`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(addColumnVolatileDefault, bad), [
    "1 The default gen_random_uuid() of `customers.token` is written into every row under ACCESS EXCLUSIVE",
  ]);
  assert.match((await fixes(addColumnVolatileDefault, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      addColumnVolatileDefault,
      `ALTER TABLE customers ADD COLUMN token uuid;
ALTER TABLE customers ALTER COLUMN token SET DEFAULT gen_random_uuid();`,
    ),
    [],
  );
});

test("accepts constants and now(), which PostgreSQL stores once", async () => {
  assert.deepEqual(
    await found(
      addColumnVolatileDefault,
      `ALTER TABLE customers ADD COLUMN a int DEFAULT 1, ADD COLUMN b timestamptz DEFAULT now();`,
    ),
    [],
  );
});

test("reports a generated column, which is written into every row", async () => {
  assert.deepEqual(
    await found(
      addColumnVolatileDefault,
      `ALTER TABLE customers ADD COLUMN c text GENERATED ALWAYS AS (lower(name)) STORED;`,
    ),
    ["1 The generated value of `customers.c` is written into every row under ACCESS EXCLUSIVE"],
  );
});
