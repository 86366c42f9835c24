import assert from "node:assert/strict";
import test from "node:test";
import { dropTable } from "../../../../lint/rules/drop-table";
import { fixes, found } from "../shop-with";

const bad = `DROP TABLE customers;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(dropTable, bad), [
    "1 Dropping table `customers` loses its rows, and breaks every running release that uses it",
  ]);
  assert.match((await fixes(dropTable, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(dropTable, `REVOKE INSERT, UPDATE, DELETE ON customers FROM shop_app;`), []);
});

test("accepts dropping a table that the file itself creates", async () => {
  assert.deepEqual(
    await found(
      dropTable,
      `CREATE TABLE t (a int);
DROP TABLE t;`,
    ),
    [],
  );
});

test("counts a table as new only after its CREATE TABLE, and only if it did not exist before", async () => {
  const again = "DROP TABLE IF EXISTS customers CASCADE;\nCREATE TABLE customers (id bigint);";
  assert.equal((await found(dropTable, again)).length, 1);
  const before = "CREATE TABLE IF NOT EXISTS customers (id bigint);\nDROP TABLE customers;";
  assert.equal((await found(dropTable, before)).length, 1);
  assert.deepEqual(await found(dropTable, "CREATE TABLE t (id bigint);\nDROP TABLE t;"), []);
});

test("reports drops in DO blocks, also if the block builds the name", async () => {
  const text = "DO $$ BEGIN IF true THEN DROP TABLE customers; END IF; EXECUTE format('DROP TABLE %I', name); END $$;";
  assert.deepEqual(await found(dropTable, text), [
    "1 Dropping table `customers` loses its rows, and breaks every running release that uses it",
    "1 Dropping table what the block names loses its rows, and breaks every running release that uses it",
  ]);
});
