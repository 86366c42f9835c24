import assert from "node:assert/strict";
import test, { before } from "node:test";
import { expressionSql, parseExpression } from "../../../../architecture/changes/expression";
import { loadSqlParser } from "../../../../architecture/sql/sql-parser";

before(loadSqlParser);

function sqlOf(text: string, record?: "NEW"): string {
  const parsed = parseExpression(text);
  assert.notEqual(typeof parsed, "string", String(parsed));
  return expressionSql(parsed as Exclude<typeof parsed, string>, record);
}

test("quotes the columns, and reads them from a record", () => {
  assert.equal(sqlOf("coalesce(total, 0) * 100"), '(coalesce("total", 0) * 100)');
  assert.equal(sqlOf("coalesce(total, 0) * 100", "NEW"), '(coalesce(NEW."total", 0) * 100)');
});

test("leaves texts, types, functions and named arguments as they are", () => {
  assert.equal(
    sqlOf("'total' || upper(name)::varchar(5) || make_interval(days => days)::text", "NEW"),
    `('total' || upper(NEW."name")::varchar(5) || make_interval(days => NEW."days")::text)`,
  );
});

test("keeps the capitals of quoted columns, and finds columns behind letters beyond ASCII", () => {
  assert.equal(sqlOf(`'äöü€' || "Name" || name`, "NEW"), `('äöü€' || NEW."Name" || NEW."name")`);
});

test("reads columns in CASE, arrays, conditions and window-free aggregates of the row", () => {
  assert.equal(
    sqlOf("CASE WHEN a IS NULL THEN b ELSE (ARRAY[a, c])[1] END", "NEW"),
    '(CASE WHEN NEW."a" IS NULL THEN NEW."b" ELSE (ARRAY[NEW."a", NEW."c"])[1] END)',
  );
});
