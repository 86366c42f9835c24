import assert from "node:assert/strict";
import test from "node:test";
import type { Problem } from "../../../architecture/problem";
import { loadSqlParser, type ParsedSql, parseSql } from "../../../architecture/sql-parser";

test.before(loadSqlParser);

function problems(text: string): readonly Problem[] {
  const parsed = parseSql({ path: "a.sql", text });
  assert.ok(parsed.problems.length > 0, "the SQL is wrong");
  return parsed.problems;
}

function parsed(text: string): ParsedSql {
  const sql = parseSql({ path: "a.sql", text });
  assert.deepEqual(sql.problems, [], "the SQL is right");
  return sql;
}

test("a statement is what stands between its first and its last word", () => {
  const text = "-- é first\nSELECT 1; -- behind\n/* before */ SELECT ';' ;\n;";
  assert.deepEqual(
    parsed(text).statements.map(({ start, end }) => text.slice(start, end)),
    ["SELECT 1", "SELECT ';'"],
  );
});

test("a file of comments has no statements", () => {
  assert.deepEqual(parsed("-- nothing\n/* yet */\n").statements, []);
  assert.deepEqual(parsed("").statements, []);
});

test("a syntax error has its file, line, column and text, whatever letters come before", () => {
  assert.deepEqual(problems("SELECT '😀é';\n  SELEC 1;"), [
    {
      what: 'PostgreSQL cannot read this SQL: syntax error at or near "SELEC"',
      fix: "Correct the SQL at the caret, or just before it",
      at: { file: "a.sql", line: 2, column: 3, text: "  SELEC 1;" },
    },
  ]);
});

test("an unfinished string is found where it starts", () => {
  const [problem] = problems("SELECT 1;\nSELECT $$ never ends;");
  assert.match(problem?.what ?? "", /unterminated dollar-quoted string/);
  assert.equal(problem?.at?.line, 2);
});

test("psql's commands get their own advice", () => {
  assert.match(problems("SELECT 1;\n\\gset\n")[0]?.fix ?? "", /^Remove the backslash command/);
  assert.match(problems("COPY t (a) FROM stdin;\n1\n\\.\n")[0]?.fix ?? "", /^Write the rows as INSERT/);
});

test("a name that PostgreSQL would cut is refused at its place", () => {
  const long = "é".repeat(32);
  const [problem, ...others] = problems(`CREATE TABLE "${"a".repeat(63)}" (b int, "${long}" int);`);
  assert.deepEqual(others, []);
  assert.equal(problem?.what, "Name is too long: PostgreSQL would cut it without a word");
  assert.equal(problem?.got, `"${long}" (64 bytes)`);
  assert.equal(problem?.at?.column, 88);
});

test("a string may be longer than a name", () => {
  assert.equal(parsed(`SELECT E'${"a".repeat(99)}', '${"b".repeat(99)}', $$${"c".repeat(99)}$$`).statements.length, 1);
});

test("every statement that cannot be read is told at its place, and hides none of the others", () => {
  const text =
    "-- é\nSELEC 1;\nCREATE TABLE t (a int);\nCREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;\nDROP TABEL t;";
  const { problems, statements, isComplete } = parseSql({ path: "a.sql", text });
  assert.deepEqual(
    problems.map(({ at }) => [at?.line, at?.column]),
    [
      [2, 1],
      [5, 6],
    ],
  );
  assert.equal(isComplete, false);
  assert.deepEqual(
    statements.map(({ start, end }) => text.slice(start, end).slice(0, 15)),
    ["CREATE TABLE t ", "CREATE FUNCTION"],
  );
  const [table] = statements;
  assert.ok(table && "CreateStmt" in table.node);
  assert.deepEqual(table.placeOf(table.node.CreateStmt.relation?.location).line, 3);
});

test("a name that is too long is told once, beside the statements that use it", () => {
  const { problems, statements, isComplete } = parseSql({
    path: "a.sql",
    text: `CREATE POLICY ${"p".repeat(67)} ON t;\nDROP POLICY ${"p".repeat(67)} ON t;`,
  });
  assert.deepEqual([problems.length, statements.length, isComplete], [1, 2, true]);
  assert.equal(problems[0]?.at?.line, 1);
});
