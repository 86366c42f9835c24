import assert from "node:assert/strict";
import test from "node:test";
import { loadSqlParser, type ParsedSql, parseSql } from "../../../../architecture/sql/sql-parser";
import type { Problem } from "../../../../common/problem";

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

test("a statement spans from its first to its last word, without comments and semicolon", () => {
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

test("reports a syntax error with file, line, column and text, also behind multibyte characters", () => {
  assert.deepEqual(problems("SELECT '😀é';\n  SELEC 1;"), [
    {
      what: 'PostgreSQL cannot read this SQL: syntax error at or near "SELEC"',
      fix: "Correct the SQL at the caret, or just before it",
      at: { file: "a.sql", line: 2, column: 3, text: "  SELEC 1;" },
    },
  ]);
});

test("reports an unfinished string where it starts", () => {
  const [problem] = problems("SELECT 1;\nSELECT $$ never ends;");
  assert.match(problem?.what ?? "", /unterminated dollar-quoted string/);
  assert.equal(problem?.at?.line, 2);
});

test("gives specific advice on psql's commands", () => {
  assert.match(problems("SELECT 1;\n\\gset\n")[0]?.fix ?? "", /^Remove the backslash command/);
  assert.match(problems("COPY t (a) FROM stdin;\n1\n\\.\n")[0]?.fix ?? "", /^Write the rows as INSERT/);
});

test("rejects a name that PostgreSQL would cut, at its place", () => {
  const long = "é".repeat(32);
  const [problem, ...others] = problems(`CREATE TABLE "${"a".repeat(63)}" (b int, "${long}" int);`);
  assert.deepEqual(others, []);
  assert.equal(problem?.what, "Name is too long: PostgreSQL would cut it without a word");
  assert.equal(problem?.got, `"${long}" (64 bytes)`);
  assert.equal(problem?.at?.column, 88);
});

test("accepts strings that are longer than a name may be", () => {
  assert.equal(parsed(`SELECT E'${"a".repeat(99)}', '${"b".repeat(99)}', $$${"c".repeat(99)}$$`).statements.length, 1);
});

test("reports every unreadable statement at its place, and reads all others", () => {
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

test("reports a too long name once, and reads the statements that use it", () => {
  const { problems, statements, isComplete } = parseSql({
    path: "a.sql",
    text: `CREATE POLICY ${"p".repeat(67)} ON t;\nDROP POLICY ${"p".repeat(67)} ON t;`,
  });
  assert.deepEqual([problems.length, statements.length, isComplete], [1, 2, true]);
  assert.equal(problems[0]?.at?.line, 1);
});

test("reports a NUL byte, and reads the text behind it", () => {
  const { problems, statements, isComplete } = parseSql({ path: "a.sql", text: "SELECT 1;\n\0DROP TABLE t;" });
  assert.deepEqual(
    problems.map(({ what, at }) => [what, at?.line, at?.column]),
    [["The SQL holds a NUL byte: PostgreSQL reads nothing behind it", 2, 1]],
  );
  assert.deepEqual([statements.length, isComplete], [2, false]);
});

test("counts lines that end by LF, CR LF or CR", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const [problem] = problems(["-- é", "SELECT 1;", "  SELEC 2;", "SELECT 3;"].join(end));
    assert.deepEqual([problem?.at?.line, problem?.at?.column, problem?.at?.text], [3, 3, "  SELEC 2;"]);
  }
});

test("reports a statement that nests too deeply, and reads all others", () => {
  const deep = [
    `SELECT ${Array(50_000).fill("'a'").join(" || ")};`,
    `SELECT ${"(".repeat(20_000)}1${")".repeat(20_000)};`,
    `SELECT ${"(SELECT ".repeat(20_000)}1${")".repeat(20_000)};`,
    `SELECT ${"NOT ".repeat(20_000)}true;`,
    `SELECT ${"- ".repeat(20_000)}1;`,
    `SELECT ${"+-".repeat(20_000)}1;`,
    `SELECT a${"::text".repeat(20_000)};`,
    `SELECT ${"CASE WHEN a THEN ".repeat(20_000)}1${" END".repeat(20_000)};`,
    `SELECT ${"ARRAY[".repeat(20_000)}1${"]".repeat(20_000)};`,
    Array(20_000).fill("SELECT 1, 2").join(" UNION ALL "),
    `SELECT 1 FROM a ${"JOIN b USING (c) ".repeat(20_000)};`,
  ];
  for (const text of deep) {
    const { problems, statements } = parseSql({ path: "a.sql", text: `SELECT 1;\n${text};\nSELECT 2;` });
    const [problem, ...others] = problems;
    assert.match(problem?.what ?? "", /^This statement nests deeper than can be read$/, text.slice(0, 30));
    assert.deepEqual([problem?.at?.line, others, statements.length], [2, [], 2], text.slice(0, 30));
  }
});

test("reads long statements that do not nest deeply", () => {
  const terms = Array.from({ length: 5_000 }, (_, index) => `a = ${index} - 1`);
  const rows = Array.from({ length: 5_000 }, (_, index) => `(-${index}, 'x' || 'y')`);
  const columns = Array.from({ length: 1_500 }, (_, index) => `c${index} int NOT NULL CHECK (c${index} > 0)`);
  parsed(`SELECT 1 FROM t WHERE ${terms.join(" OR ")}; INSERT INTO t VALUES ${rows.join(", ")};`);
  parsed(`CREATE TABLE t (${columns.join(", ")}); SELECT ${Array(400).fill("'a'").join(" || ")};`);
  parsed(Array(400).fill("SELECT a, b FROM t JOIN u USING (v)").join(" UNION ALL "));
});

test("reports the rows behind COPY FROM STDIN, and reads the statements behind them", () => {
  const { problems, statements } = parseSql({
    path: "a.sql",
    text: "COPY t (a) FROM stdin;\nit's\t1\n\\.\n\nSELEC 1;\nSELECT 2;",
  });
  assert.deepEqual(
    problems.map(({ at }) => at?.line),
    [2, 5],
  );
  assert.equal(statements.length, 2);
});

test("semicolons in quotes, comments, rules and function bodies end no statement, even in a file with errors", () => {
  const statements = [
    "SELECT ';', E'\\';', U&'\\0441;', $$;$$, $a$;$$;$a$, a$b$, \";\", $1 FROM t",
    "SELECT 1 /* ; /* ; */ ; */ + 1 -- ;",
    "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b)",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
  ];
  const sql = parseSql({ path: "a.sql", text: `SELEC 1;\n${statements.join("\n;\n")}` });
  assert.deepEqual([sql.problems.length, sql.statements.length], [1, statements.length]);
});

test("reports an unfinished comment where it starts", () => {
  const [problem] = problems(`SELECT 1;\n${"/*".repeat(20_000)}`);
  assert.equal(problem?.what, "PostgreSQL cannot read this SQL: unterminated /* comment");
  assert.deepEqual([problem?.at?.line, problem?.at?.column], [2, 1]);
});
