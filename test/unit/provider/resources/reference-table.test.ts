import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import type { ReferenceTableInputs } from "../../../../architecture/data-plane/declaration";
import { noGrants } from "../../../../provider/postgres/live-grants";
import {
  planReferenceTable,
  type ReferenceTableState,
  referenceTable,
} from "../../../../provider/resources/reference-table";
import { matchesGolden } from "../../golden";

const countries: ReferenceTableInputs = {
  schema: "shop",
  table: "countries",
  foreignKeys: [],
  grants: { shop_app: ["SELECT"], shop_agent: ["SELECT"] },
};
const state: ReferenceTableState = { ...countries, copied: "yes", surplus: {} };

test("lists one difference for each role whose privileges change", () => {
  assert.deepEqual(referenceTable.diff(state, countries), []);
  assert.deepEqual(referenceTable.diff(state, { ...countries, grants: { shop_app: ["SELECT"] } }), [
    { path: 'grants["shop_agent"]', how: "update" },
  ]);
});

test("reports a table that is not copied to the nodes only with Citus", () => {
  assert.deepEqual(referenceTable.diff({ ...state, copied: "impossible" }, countries), []);
  assert.deepEqual(referenceTable.diff({ ...state, copied: "missing" }, countries), [
    { path: "copied", how: "update" },
  ]);
});

test("replaces the table if its name changes", () => {
  assert.deepEqual(referenceTable.diff(state, { ...countries, table: "lands" }), [{ path: "table", how: "replace" }]);
});

test("does not turn a distributed table into a reference table silently", () => {
  const placement = {
    kind: "distributed",
    column: "code",
    shardCount: 4,
    group: ["shop.countries"],
    localRows: false,
  } as const;
  const found = { placement, foreignKeys: [], grants: noGrants, hasRows: true };
  assert.throws(() => planReferenceTable(countries, found), /shop\.countries is distributed by code in the database/);
});

test("shows in the preview the SQL that creates, changes and deletes a table", () => {
  const show = (title: string, lines: readonly string[]) => `-- # ${title}\n${lines.join("\n")}\n`;
  const fewer = { ...countries, grants: { shop_app: ["SELECT"] } } as const;
  matchesGolden(
    join(__dirname, "../../../golden/provider/reference-table.sql"),
    [
      show("make", referenceTable.preview(undefined, countries)),
      show("a role is no longer declared", referenceTable.preview(state, fewer)),
      show(
        "TRUNCATE was granted by hand",
        referenceTable.preview({ ...state, surplus: { shop_app: ["TRUNCATE"] } }, countries),
      ),
      show("delete", referenceTable.preview(state, undefined)),
    ].join("\n"),
  );
});
