import assert from "node:assert/strict";
import test from "node:test";
import { rewritingCommand } from "../../../../lint/rules/rewriting-command";
import { fixes, found } from "../shop-with";

const bad = `REINDEX TABLE customers;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(rewritingCommand, bad), ["1 REINDEX stops everybody on the table until it is done"]);
  assert.match((await fixes(rewritingCommand, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      rewritingCommand,
      `-- tenantry: no transaction
REINDEX TABLE CONCURRENTLY customers;`,
    ),
    [],
  );
});

test("reports VACUUM FULL and CLUSTER", async () => {
  assert.deepEqual(
    await found(
      rewritingCommand,
      `VACUUM FULL customers;
CLUSTER customers;`,
    ),
    [
      "1 VACUUM FULL stops everybody on the table until it is done",
      "2 CLUSTER stops everybody on the table until it is done",
    ],
  );
});

test("accepts an option that is off", async () => {
  const off = "VACUUM (FULL false) customers; VACUUM (FULL off, ANALYZE) customers; VACUUM (FULL 0) customers;";
  assert.deepEqual(await found(rewritingCommand, off), []);
  assert.equal((await found(rewritingCommand, "VACUUM (FULL on) customers; VACUUM (FULL 1) customers;")).length, 2);
  assert.equal((await found(rewritingCommand, "REINDEX (CONCURRENTLY off) TABLE customers;")).length, 1);
});

test("reports SET LOGGED and SET UNLOGGED, which write every row again", async () => {
  const text = "ALTER TABLE customers SET UNLOGGED;\nALTER TABLE customers SET LOGGED;";
  assert.equal((await found(rewritingCommand, text)).length, 2);
});
