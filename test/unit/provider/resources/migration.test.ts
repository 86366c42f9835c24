import assert from "node:assert/strict";
import test from "node:test";
import type { MigrationInputs } from "../../../../architecture/data-plane/declaration";
import { renderProblem } from "../../../../common/problem";
import { migration } from "../../../../provider/resources/migration";

const file: MigrationInputs = {
  path: "sql/shop/010_tables.sql",
  hash: "a".repeat(64),
  statements: [
    { sql: "CREATE TABLE a (id int);", line: 1 },
    { sql: "CREATE TABLE b (id int)", line: 2 },
  ],
  transaction: true,
  schema: "shop",
  apply: "once",
};
const problemsOf = (old: MigrationInputs | undefined, next: MigrationInputs) =>
  (migration.check?.(old, next, new Set()) ?? []).map(renderProblem);

test("accepts a new file and an unchanged one", () => {
  assert.deepEqual(problemsOf(undefined, file), []);
  assert.deepEqual(problemsOf({ ...file, statements: [] }, file), []);
  assert.deepEqual(migration.diff({ ...file, statements: [] }, file), []);
});

test("rejects an edited applied file in the preview", () => {
  assert.deepEqual(problemsOf({ ...file, hash: "b".repeat(64) }, file), [
    `sql/shop/010_tables.sql: This file was edited after it had been applied
  got:      SHA-256 ${"a".repeat(64)}
  expected: SHA-256 ${"b".repeat(64)}, as it was applied
  fix:      restore it (\`git log -p -- sql/shop/010_tables.sql\` shows how it was), and put the change into a new file with the next number`,
  ]);
});

test("runs a changed file of the toolkit again", () => {
  const next = { ...file, apply: "onChange" } as const;
  const old = { ...next, hash: "b".repeat(64) };
  assert.deepEqual(problemsOf(old, next), []);
  assert.deepEqual(migration.diff(old, next), [{ path: "hash", how: "update" }]);
});

test("rejects a file that ends its transaction", () => {
  const statements = [{ sql: "/* so */\n-- that\n commit", line: 5 }];
  assert.match(
    problemsOf(undefined, { ...file, statements }).join(),
    /^sql\/shop\/010_tables\.sql:7: COMMIT in a file/,
  );
  assert.deepEqual(problemsOf(undefined, { ...file, statements, transaction: false }), []);
});

test("shows in the preview the statements, and whether they run in one transaction", () => {
  const statements = ["CREATE TABLE a (id int);", "CREATE TABLE b (id int);"];
  assert.deepEqual(migration.preview(undefined, file), ["BEGIN;", ...statements, "COMMIT;"]);
  assert.deepEqual(migration.preview(undefined, { ...file, transaction: false }), statements);
});

test("shows in the preview that nothing runs for a renamed or deleted file", () => {
  assert.match(migration.preview({ ...file, path: "old.sql" }, file).join(), /^-- .*only its name changes$/);
  assert.match(migration.preview(file, undefined).join(), /^-- .*stays in the database$/);
});

test("keeps the declared settings of a file in a refresh", async () => {
  const entry = { path: file.path, hash: file.hash, complete: true };
  const database = { query: async () => [entry] };
  const old = { ...file, statements: [], sharedSchema: "shop", schema: "shop_acme", apply: "onChange" } as const;
  assert.deepEqual(await migration.read({ database } as never, file.path, old), old);
  assert.deepEqual(await migration.read({ database } as never, file.path, undefined), {
    ...{ path: file.path, hash: file.hash, statements: [] },
    ...{ transaction: true, schema: "public", apply: "once" },
  });
});
