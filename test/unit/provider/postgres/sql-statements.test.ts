import assert from "node:assert/strict";
import test from "node:test";
import { renderProblem } from "../../../../common/problem";
import { statementProblem } from "../../../../provider/postgres/sql-statements";

test("shows the line and column of an error in a file, counted in characters", () => {
  const sql = "SELECT '😀',\n  wrong";
  const problem = statementProblem(
    { message: 'column "wrong" does not exist', position: String([...sql].indexOf("w") + 1) },
    { sql, at: { file: "sql/shop/010.sql", line: 7 } },
  );
  assert.equal(
    renderProblem(problem),
    `sql/shop/010.sql:8:3: PostgreSQL refused: column "wrong" does not exist
  |   wrong
  |   ^
  fix:      correct the statement and run again`,
  );
});

test("shows the toolkit's own statement in an error, but never its values", () => {
  const problem = statementProblem(
    { message: "no", code: "42501", detail: "a detail" },
    { sql: "SELECT\n  $1", values: ["secret"] },
  );
  assert.deepEqual(problem, {
    what: "PostgreSQL refused: no",
    got: "a detail; in: SELECT $1",
    fix: "grant the privilege to the role that tenantry connects as",
  });
});

test("uses PostgreSQL's hint as the fix", () => {
  assert.equal(statementProblem({ message: "no", hint: "Do this." }, { sql: "SELECT" }).fix, "Do this.");
});
