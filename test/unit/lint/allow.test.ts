import assert from "node:assert/strict";
import test from "node:test";
import { loadSqlParser } from "../../../architecture/sql/sql-parser";
import { lint } from "../../../lint/lint";

async function lines(text: string): Promise<string[]> {
  await loadSqlParser();
  return lint({ name: "shop", sql: [{ path: "a.sql", text }] }).map(({ rule, at, what }) =>
    rule === "allow-comment" ? `${at.line} ${what}` : `${at.line} ${rule}`,
  );
}

const drop = "ALTER TABLE customers DROP COLUMN phone;";

test("applies an allow comment with a reason to the next statement", async () => {
  assert.deepEqual(await lines(`-- tenantry:allow drop-column Nobody reads it\n${drop}\n${drop}`), ["3 drop-column"]);
});

test("applies an allow comment at the end of a statement's line, or inside a statement, to that statement", async () => {
  assert.deepEqual(await lines(`${drop} -- tenantry:allow drop-column Nobody reads it\n${drop}`), ["2 drop-column"]);
  const inside = "ALTER TABLE customers\n  -- tenantry:allow drop-column Nobody reads it\n  DROP COLUMN phone;";
  assert.deepEqual(await lines(inside), []);
});

test("reports an allow comment without a reason, and ignores it", async () => {
  assert.deepEqual(await lines(`-- tenantry:allow drop-column\n${drop}`), [
    "1 The comment that allows `drop-column` gives no reason",
    "2 drop-column",
  ]);
});

test("reports an allow comment that excuses nothing", async () => {
  assert.deepEqual(await lines("-- tenantry:allow drop-column Gone\nSELECT 1;"), [
    "1 Nothing here breaks `drop-column` any more",
  ]);
});

test("ignores an allow comment of another rule", async () => {
  assert.deepEqual(await lines(`-- tenantry:allow drop-table Gone\n${drop}`), [
    "1 Nothing here breaks `drop-table` any more",
    "2 drop-column",
  ]);
});

test("reports an allow comment of an unknown rule", async () => {
  assert.deepEqual(await lines("-- tenantry:allow drop-colum Gone\nSELECT 1;"), [
    "1 There is no rule `drop-colum` to allow",
  ]);
});

test("reports SQL that cannot be read, with its place", async () => {
  assert.deepEqual(await lines("SELECT 1;\nCREATE TABEL x ();"), ["2 syntax"]);
});
