import assert from "node:assert/strict";
import test from "node:test";
import { dropTable } from "../../../../architecture/rules/drop-table";
import { fixes, found } from "./shop-with";

const bad = `DROP TABLE customers;`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(dropTable, bad), [
    "1 Dropping table `customers` loses its rows, and breaks every running release that uses it",
  ]);
  assert.match((await fixes(dropTable, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(await found(dropTable, `REVOKE INSERT, UPDATE, DELETE ON customers FROM shop_app;`), []);
});

test("a table of the file itself may go again", async () => {
  assert.deepEqual(
    await found(
      dropTable,
      `CREATE TABLE t (a int);
DROP TABLE t;`,
    ),
    [],
  );
});
