import assert from "node:assert/strict";
import test, { before } from "node:test";
import { loadSqlParser, parseSql } from "../../../../architecture/sql/sql-parser";
import { draftChanges } from "../../../../cli/evolve/drafted-change";

before(loadSqlParser);

function drafted(text: string) {
  return draftChanges(parseSql({ path: "sql/shop/100_change.sql", text }).statements, "shop");
}

test("drafts a schema change for a renamed column", () => {
  const [draft] = drafted("ALTER TABLE shop.orders RENAME COLUMN note TO remark;");
  assert.equal(draft?.name, "orders_remark");
  assert.deepEqual(draft?.change, {
    table: "orders",
    add: { remark: { type: "text", from: '"note"' } },
    drop: { note: '"remark"' },
  });
});

test("drafts one for each dropped and retyped column of a statement", () => {
  const drafts = drafted("ALTER TABLE orders DROP COLUMN note, ALTER total TYPE numeric(14, 4) USING total::numeric;");
  assert.deepEqual(
    drafts.map(({ change }) => change),
    [
      { table: "orders", drop: { note: "NULL" } },
      {
        table: "orders",
        add: { total_new: { type: "numeric(14, 4)", from: '"total"::numeric(14, 4)' } },
        drop: { total: '"total_new"' },
      },
    ],
  );
});

test("drafts nothing for a statement that keeps the columns", () => {
  assert.deepEqual(drafted("ALTER TABLE orders ADD COLUMN note text; CREATE INDEX ON orders (note);"), []);
});
