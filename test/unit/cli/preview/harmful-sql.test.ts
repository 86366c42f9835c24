import assert from "node:assert/strict";
import test from "node:test";
import { harmfulStatements } from "../../../../cli/preview/harmful-sql";

const harmful: Readonly<Record<string, string>> = {
  "DROP TABLE a": "drops data: `DROP TABLE a`",
  "ALTER TABLE a DROP COLUMN b": "drops a column with its values: `ALTER TABLE a DROP COLUMN b`",
  "ALTER TABLE a ADD c int, DROP b": "drops a column with its values: `ALTER TABLE a ADD c int, DROP b`",
  "TRUNCATE a": "empties a table: `TRUNCATE a`",
  "delete from a where b": "deletes rows: `delete from a where b`",
  "ALTER TABLE a DETACH PARTITION b CONCURRENTLY":
    "takes a partition and its rows out of the table: `DETACH PARTITION b CONCURRENTLY`",
  "ALTER TABLE a ALTER COLUMN b TYPE bigint": "may rewrite the table while it is locked: `ALTER COLUMN b TYPE bigint`",
  "ALTER TABLE a NO FORCE ROW LEVEL SECURITY": "opens tenants' rows to each other: `NO FORCE ROW LEVEL SECURITY`",
  "SELECT undistribute_table('a')": "rewrites every row: `undistribute_table('…')`",
  "SELECT citus_remove_node('w', 5432)": "takes a node out: `citus_remove_node('…', 5432)`",
  "SELECT pg_drop_replication_slot('s')": "forgets the events that were not read yet: `pg_drop_replication_slot('…')`",
  "DO $$ BEGIN EXECUTE 'x'; DROP TABLE a; END $$": "drops data: `DROP TABLE a`",
  "-- partitions older than 1 year are dropped in the next round:":
    "partitions older than 1 year are dropped in the next round",
};

for (const [sql, says] of Object.entries(harmful)) {
  test(`${sql}: ${says.split(":")[0]}`, () => assert.deepEqual(harmfulStatements([sql]), [says]));
}

test("ignores text that only looks like harmful SQL", () => {
  const harmless = [
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM a; END $$",
    "-- DROP TABLE a\n/* TRUNCATE b */ SELECT 'DELETE FROM c'",
    "ALTER TABLE a DROP CONSTRAINT b",
    "ALTER TABLE a ALTER COLUMN b DROP NOT NULL",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON a TO b",
    "DROP FUNCTION IF EXISTS f",
    "CREATE TABLE a (truncated boolean)",
    '-- the table stays with its rows, unless tenantry:allow has "drop shop.carts":',
  ];
  assert.deepEqual(harmfulStatements(harmless), []);
});
