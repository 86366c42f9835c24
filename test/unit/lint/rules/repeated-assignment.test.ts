import assert from "node:assert/strict";
import test from "node:test";
import { repeatedAssignment } from "../../../../lint/rules/repeated-assignment";
import { fixes, found } from "../shop-with";

const bad = `UPDATE customers SET name = 'a', country = 'CH', name = 'b' WHERE tenant_id = $1;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(repeatedAssignment, bad), [
    "1 Column `name` is assigned twice: PostgreSQL refuses the statement",
  ]);
  assert.match((await fixes(repeatedAssignment, bad)).join(), /^Keep one/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(repeatedAssignment, `UPDATE customers SET name = 'b', country = 'CH' WHERE tenant_id = $1;`),
    [],
  );
});

test("accepts two parts of one column, and checks DO UPDATE", async () => {
  assert.deepEqual(
    await found(repeatedAssignment, "UPDATE customers SET at.x = 1, at.y = 2 WHERE tenant_id = $1;"),
    [],
  );
  const text = "INSERT INTO a (b) VALUES (1) ON CONFLICT (b) DO UPDATE SET c = 1, c = 2;";
  assert.deepEqual(await found(repeatedAssignment, text), [
    "1 Column `c` is assigned twice: PostgreSQL refuses the statement",
  ]);
});

test("reports columns that a table, a view or a result defines twice", async () => {
  const twice = [
    "CREATE TABLE t (a int, a text)",
    "CREATE FOREIGN TABLE t (a int, a text) SERVER s",
    "CREATE VIEW v (a, a) AS SELECT 1, 2",
    "CREATE VIEW v AS SELECT 1 AS a, 2 AS a",
    "CREATE VIEW v AS SELECT 1, 2",
    "CREATE VIEW v AS SELECT c.name, t.name FROM customers c, countries t",
    "CREATE MATERIALIZED VIEW v AS SELECT max(a), max(b) FROM t",
    "CREATE TABLE t AS SELECT a::text, b::int, b FROM t",
    "SELECT 1 AS a, 2 AS a INTO t",
    "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = 1, a = 2",
    "MERGE INTO t USING s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (a, a) VALUES (1, 2)",
    "UPDATE t SET a = ROW (1, 2), a.x = 1",
    "UPDATE t SET (a, b) = (1, 2), a = 3",
    "DO $$ BEGIN UPDATE t SET a = 1, A = 2; END $$",
  ];
  for (const each of twice) assert.equal((await found(repeatedAssignment, `${each};`)).length, 1, each);
});

test("accepts parts of a column, renamed columns, and columns that only the server can name", async () => {
  const once = `UPDATE t SET a.x = 1, a.y = 2, b[1] = 1, b[2] = 2;
UPDATE t SET "A" = 1, a = 2;
CREATE VIEW v (a, b) AS SELECT 1 AS a, 2 AS a;
CREATE VIEW w AS SELECT *, 1 AS name FROM countries;
CREATE VIEW x AS SELECT lower(name), upper(name), count(*) FROM countries;
SELECT 1 AS a, 2 AS a;`;
  assert.deepEqual(await found(repeatedAssignment, once), []);
});
