import assert from "node:assert/strict";
import test from "node:test";
import { transactionInFile } from "../../../../lint/rules/transaction-in-file";
import { fixes, found } from "../shop-with";

const bad = `BEGIN;
ALTER TABLE customers ADD COLUMN phone text;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(transactionInFile, bad), [
    "1 BEGIN, COMMIT and ROLLBACK break the transaction that the toolkit runs the file in",
  ]);
  assert.match((await fixes(transactionInFile, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(transactionInFile, `ALTER TABLE customers ADD COLUMN phone text;`), []);
});

test("reports COMMIT in a DO block only if the file runs in a transaction", async () => {
  const block = "DO $$ BEGIN UPDATE customers SET name = 'x'; COMMIT; END $$;";
  assert.equal((await found(transactionInFile, block)).length, 1);
  assert.deepEqual(await found(transactionInFile, `-- tenantry: no transaction\n${block}`), []);
});
