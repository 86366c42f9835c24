import assert from "node:assert/strict";
import test from "node:test";
import type { MigrationInputs } from "../../../../architecture/data-plane/declaration";
import { hashStatements, type LedgerEntry } from "../../../../provider/migrations/ledger";
import { decide } from "../../../../provider/migrations/migrating";

const file: MigrationInputs = {
  path: "sql/shop/010.sql",
  hash: "new",
  statements: [
    { sql: "one", line: 1 },
    { sql: "two", line: 2 },
  ],
  transaction: false,
  schema: "shop",
  apply: "once",
};

const half: LedgerEntry = {
  path: file.path,
  hash: "new",
  done: 1,
  done_hash: hashStatements(file.statements.slice(0, 1)),
  in_doubt: false,
  complete: false,
};

const whole: LedgerEntry = { ...half, done: 2, complete: true };

test("runs a new file from its start", () => {
  assert.deepEqual(decide(file, undefined, undefined), { kind: "run", from: 0, inDoubt: false });
});

test("runs nothing for an applied file", () => {
  assert.deepEqual(decide(file, whole, undefined), { kind: "nothing" });
});

test("continues an interrupted file after the committed statements, in doubt about the one that was running", () => {
  assert.deepEqual(decide(file, { ...half, in_doubt: true }, undefined), { kind: "run", from: 1, inDoubt: true });
});

test("accepts an edit of an interrupted file after the committed statements", () => {
  assert.deepEqual(decide(file, { ...half, hash: "old" }, undefined), { kind: "run", from: 1, inDoubt: false });
});

test("rejects an edit of an interrupted file in the committed statements", () => {
  assert.throws(() => decide(file, { ...half, hash: "old", done_hash: "other" }, undefined), /first 1 statements/);
});

test("rejects an edited applied file with both hashes", () => {
  assert.throws(() => decide(file, { ...whole, hash: "old" }, undefined), /SHA-256 new.*SHA-256 old/s);
});

test("runs a file that runs on change from its start", () => {
  const onChange = { ...file, apply: "onChange" } as const;
  assert.deepEqual(decide(onChange, { ...whole, hash: "old" }, undefined), { kind: "run", from: 0, inDoubt: false });
  assert.deepEqual(decide(onChange, { ...half, hash: "old" }, undefined), { kind: "run", from: 0, inDoubt: false });
});

test("does not run content again if it was applied under another name", () => {
  const same = { ...whole, path: "sql/shop/009.sql" };
  assert.deepEqual(decide(file, undefined, same), { kind: "renamed", from: "sql/shop/009.sql" });
});
