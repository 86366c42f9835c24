import assert from "node:assert/strict";
import test from "node:test";
import { renameTable } from "../../../../lint/rules/rename-table";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers RENAME TO clients;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(renameTable, bad), [
    "1 Renaming `customers` breaks every running release that uses the name",
  ]);
  assert.match((await fixes(renameTable, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(renameTable, `CREATE VIEW clients WITH (security_invoker = true) AS SELECT * FROM customers;`),
    [],
  );
});

test("reports views, materialized views, foreign tables and sequences, renamed or moved", async () => {
  for (const kind of ["TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "SEQUENCE"]) {
    assert.equal((await found(renameTable, `ALTER ${kind} x RENAME TO y;`)).length, 1, kind);
    assert.equal((await found(renameTable, `ALTER ${kind} x SET SCHEMA y;`)).length, 1, kind);
  }
});

test("accepts that another relation of the file takes the name in the same transaction", async () => {
  const swap = `CREATE TABLE customers_new (LIKE customers);
ALTER TABLE customers RENAME TO customers_old;
ALTER TABLE customers_new RENAME TO customers;`;
  assert.deepEqual(await found(renameTable, swap), []);
  assert.equal((await found(renameTable, `-- tenantry: no transaction\n${swap}`)).length, 1);
  const view = "CREATE VIEW customers WITH (security_invoker = true) AS SELECT * FROM clients;";
  assert.deepEqual(await found(renameTable, `ALTER TABLE customers RENAME TO clients;\n${view}`), []);
});
