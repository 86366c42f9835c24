import assert from "node:assert/strict";
import test from "node:test";
import { concurrentlyInTransaction } from "../../../../lint/rules/concurrently-in-transaction";
import { fixes, found } from "../shop-with";

const bad = `CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON customers (tenant_id, name);`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(concurrentlyInTransaction, bad), [
    "1 CREATE INDEX CONCURRENTLY fails here: the file runs in one transaction",
  ]);
  assert.match((await fixes(concurrentlyInTransaction, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      concurrentlyInTransaction,
      `-- tenantry: no transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON customers (tenant_id, name);`,
    ),
    [],
  );
});

test("reports DETACH PARTITION CONCURRENTLY", async () => {
  assert.deepEqual(
    await found(concurrentlyInTransaction, `ALTER TABLE orders DETACH PARTITION orders_2020 CONCURRENTLY;`),
    ["1 DETACH PARTITION … CONCURRENTLY fails here: the file runs in one transaction"],
  );
});

test("reports every command that PostgreSQL refuses inside a transaction", async () => {
  const refused = [
    "DROP INDEX CONCURRENTLY i",
    "REINDEX INDEX CONCURRENTLY i",
    "REINDEX (CONCURRENTLY) TABLE customers",
    "REINDEX SCHEMA shop",
    "REINDEX DATABASE shop",
    "VACUUM customers",
    "CLUSTER",
    "CREATE DATABASE x",
    "DROP DATABASE x",
    "ALTER DATABASE x SET TABLESPACE t",
    "CREATE TABLESPACE t LOCATION '/x'",
    "DROP TABLESPACE t",
    "ALTER SYSTEM SET work_mem = '1GB'",
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
    "DROP SUBSCRIPTION s",
    "DISCARD ALL",
  ];
  for (const each of refused) {
    assert.equal((await found(concurrentlyInTransaction, `${each};`)).length, 1, each);
    assert.deepEqual(await found(concurrentlyInTransaction, `-- tenantry: no transaction\n${each};`), [], each);
  }
});

test("accepts commands that only look similar", async () => {
  const text = `ANALYZE customers;
CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = false);
REFRESH MATERIALIZED VIEW CONCURRENTLY m;
REINDEX (CONCURRENTLY false) TABLE customers;
ALTER DATABASE x CONNECTION LIMIT 5;`;
  assert.deepEqual(await found(concurrentlyInTransaction, text), []);
});

test("treats a DO block as one transaction in every file", async () => {
  const text =
    "-- tenantry: no transaction\nDO $$ BEGIN EXECUTE 'CREATE INDEX CONCURRENTLY i ON customers (name)'; END $$;";
  assert.deepEqual(await found(concurrentlyInTransaction, text), [
    "2 CREATE INDEX CONCURRENTLY fails here: the block runs in one transaction",
  ]);
});
