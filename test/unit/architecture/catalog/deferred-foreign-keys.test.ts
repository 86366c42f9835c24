import assert from "node:assert/strict";
import test from "node:test";
import { withoutForeignKeys } from "../../../../architecture/catalog/deferred-foreign-keys";
import { loadSqlParser, parseSql } from "../../../../architecture/sql/sql-parser";

test.before(loadSqlParser);

function withoutKeys(text: string): string | undefined {
  const parsed = parseSql({ path: "a.sql", text });
  assert.ok(!Array.isArray(parsed), "the SQL is right");
  const [statement] = parsed.statements;
  assert.ok(statement);
  const left = withoutForeignKeys(statement);
  if (left !== undefined) assert.ok(!Array.isArray(parseSql({ path: "left.sql", text: left })), left);
  return left;
}

test("removes a column's REFERENCES and keeps its other constraints, in any order", () => {
  assert.equal(
    withoutKeys("CREATE TABLE a (b int CONSTRAINT x REFERENCES c (d) ON DELETE CASCADE DEFERRABLE NOT NULL, e int)"),
    "CREATE TABLE a (b int NOT NULL, e int)",
  );
  assert.equal(
    withoutKeys("CREATE TABLE a (b text DEFAULT (',') REFERENCES c COLLATE \"C\" CHECK (b > '('))"),
    "CREATE TABLE a (b text DEFAULT (',') COLLATE \"C\" CHECK (b > '('))",
  );
  assert.equal(withoutKeys("CREATE TABLE a (b int REFERENCES c REFERENCES d)"), "CREATE TABLE a (b int)");
});

test("removes a table's foreign keys with their commas, at any position", () => {
  const key = "FOREIGN KEY (b, c) REFERENCES d (e, f) MATCH FULL ON DELETE SET NULL (c)";
  assert.equal(withoutKeys(`CREATE TABLE a (b int, c int, ${key})`), "CREATE TABLE a (b int, c int)");
  assert.equal(withoutKeys(`CREATE TABLE a (b int, ${key}, c int)`), "CREATE TABLE a (b int, c int)");
  assert.equal(withoutKeys(`CREATE TABLE a (${key}, b int, c int)`), "CREATE TABLE a ( b int, c int)");
  assert.equal(withoutKeys(`CREATE TABLE a (${key}, ${key}, b int)`), "CREATE TABLE a ( b int)");
  assert.equal(withoutKeys(`CREATE TABLE a (b int, ${key}, ${key})`), "CREATE TABLE a (b int)");
  assert.equal(withoutKeys(`CREATE TABLE a (${key})`), "CREATE TABLE a ()");
});

test("keeps the comments and line breaks of the remaining text", () => {
  assert.equal(
    withoutKeys(
      [
        "CREATE TABLE a (",
        "  b int, -- é, the (first",
        "  c int REFERENCES d, -- the second",
        "  PRIMARY KEY (b), -- the key",
        "  CONSTRAINT x FOREIGN KEY (b) REFERENCES d",
        ") PARTITION BY RANGE (b);",
      ].join("\n"),
    ),
    [
      "CREATE TABLE a (",
      "  b int, -- é, the (first",
      "  c int, -- the second",
      "  PRIMARY KEY (b) -- the key",
      ") PARTITION BY RANGE (b)",
    ].join("\n"),
  );
});

test("removes the foreign keys from ALTER TABLE and keeps its other commands", () => {
  const add = "ADD CONSTRAINT x FOREIGN KEY (b) REFERENCES c";
  assert.equal(withoutKeys(`ALTER TABLE a ${add}, ADD d int`), "ALTER TABLE a ADD d int");
  assert.equal(withoutKeys(`ALTER TABLE a ADD d int, ${add}`), "ALTER TABLE a ADD d int");
  assert.equal(
    withoutKeys(`ALTER TABLE a ADD d int REFERENCES e, ${add}, ALTER b SET NOT NULL`),
    "ALTER TABLE a ADD d int, ALTER b SET NOT NULL",
  );
});

test("removes an ALTER TABLE that only adds foreign keys", () => {
  assert.equal(
    withoutKeys("ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c, ADD FOREIGN KEY (d) REFERENCES c"),
    undefined,
  );
});

test("keeps a statement without foreign keys as it is", () => {
  const text = "CREATE TABLE a (\n  b int CHECK (b > 0)\n)";
  assert.equal(withoutKeys(text), text);
  assert.equal(withoutKeys("ALTER TABLE a ENABLE ROW LEVEL SECURITY"), "ALTER TABLE a ENABLE ROW LEVEL SECURITY");
});
