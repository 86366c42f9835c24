import assert from "node:assert/strict";
import test from "node:test";
import { loadSqlParser, parseSql } from "../../../../architecture/sql/sql-parser";
import { shapeOfRows } from "../../../../architecture/sql/sql-rows";

test.before(loadSqlParser);

const shape = (sql: string) => shapeOfRows(sql, 0, sql.length);

test("reduces INSERTs of constants to the shape of one row", () => {
  assert.equal(shape("INSERT INTO t VALUES (1)"), "INSERT INTO t  VALUES (NULL)");
  const many = `insert into "a b".t (a, "b") values (-1.5, 'it''s \\'),\n (NULL, true), (default, '')`;
  assert.equal(shape(many), `insert into "a b".t (a, "b")  VALUES (NULL)`);
});

test("leaves all other statements to PostgreSQL's parser", () => {
  for (const sql of [
    "INSERT INTO t VALUES (now())",
    "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
    "INSERT INTO t VALUES (1) RETURNING a",
    "INSERT INTO t VALUES ('a' 'b')",
    "INSERT INTO t VALUES (E'\\'')",
    "INSERT INTO t VALUES (1e5)",
    "INSERT INTO t VALUES (1",
    "INSERT INTO t VALUES (1),",
    "INSERT INTO t VALUES (1) (2)",
    "INSERT INTO t SELECT 1",
    "SELECT 1",
  ]) {
    assert.equal(shape(sql), undefined, sql);
  }
});

test("far into a file, INSERTs share a tree and keep their places, and statements between them are read", () => {
  const rows = Array.from(
    { length: 30_000 },
    (_, index) => `INSERT INTO items (id, name) VALUES (${index}, 'é ${index}');`,
  );
  const text = [...rows, "SELEC 1;", "DROP TABLE t;", ...rows].join("\n");
  const { statements, problems } = parseSql({ path: "a.sql", text });
  assert.deepEqual(
    problems.map(({ at }) => at?.line),
    [rows.length + 1],
  );
  assert.equal(statements.length, 2 * rows.length + 1);
  assert.ok(new Set(statements.map(({ node }) => node)).size < statements.length - rows.length);
  const last = statements.at(-1);
  assert.ok(last && "InsertStmt" in last.node);
  const { line, column } = last.placeOf(last.node.InsertStmt.relation?.location);
  assert.deepEqual([line, column], [2 * rows.length + 2, 13]);
  assert.equal(last.tokens.at(-2)?.text, "'é 29999'");
});
