import assert from "node:assert/strict";
import test from "node:test";
import { rewritingCommand } from "../../../../architecture/rules/rewriting-command";
import { fixes, found } from "./shop-with";

const bad = `REINDEX TABLE customers;`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(rewritingCommand, bad), ["1 REINDEX stops everybody on the table until it is done"]);
  assert.match((await fixes(rewritingCommand, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(
    await found(
      rewritingCommand,
      `-- tenantry: no transaction
REINDEX TABLE CONCURRENTLY customers;`,
    ),
    [],
  );
});

test("VACUUM FULL and CLUSTER count", async () => {
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
