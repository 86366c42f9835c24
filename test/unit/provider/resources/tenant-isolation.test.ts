import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import type { TenantIsolationInputs } from "../../../../architecture/data-plane/declaration";
import { type TenantIsolationState, tenantIsolation } from "../../../../provider/resources/tenant-isolation";
import { matchesGolden } from "../../golden";

const orders: TenantIsolationInputs = {
  schema: "shop",
  table: "orders",
  column: "tenant_id",
  type: "uuid",
  grants: { shop_app: ["SELECT", "INSERT"], shop_agent: ["SELECT"] },
};
const state: TenantIsolationState = { ...orders, gaps: {}, surplus: {} };

test("lists one difference for each table with a gap and for each role", () => {
  assert.deepEqual(tenantIsolation.diff(state, orders), []);
  const drifted = { ...state, gaps: { "shop.orders_p1": ["row level security is off"] }, grants: { shop_app: [] } };
  assert.deepEqual(
    tenantIsolation.diff(drifted, orders).map(({ path }) => path),
    ['grants["shop_agent"]', 'grants["shop_app"]', 'gaps["shop.orders_p1"]'],
  );
});

test("updates a changed column or type in place, and replaces another table", () => {
  assert.deepEqual(tenantIsolation.diff(state, { ...orders, type: "text" }), [{ path: "type", how: "update" }]);
  assert.deepEqual(tenantIsolation.diff(state, { ...orders, table: "x" }), [{ path: "table", how: "replace" }]);
});

test("rejects an unknown type", () => {
  assert.equal(tenantIsolation.inputs.safeParse({ ...orders, type: "jsonb" }).success, false);
});

test("rejects an `onlyTenant` that is no value of the column", () => {
  const [problem] = tenantIsolation.check?.(undefined, { ...orders, onlyTenant: "acme" }, new Set()) ?? [];
  assert.match(problem?.what ?? "", /only tenant of shop.orders is no value of tenant_id/);
  assert.deepEqual([problem?.got, problem?.expected], ["acme", "a uuid, as the column is uuid"]);
  assert.deepEqual(tenantIsolation.check?.(undefined, orders, new Set()), []);
});

test("shows in the preview the SQL that creates, repairs and deletes isolation", () => {
  const show = (title: string, lines: readonly string[]) => `-- # ${title}\n${lines.join("\n")}\n`;
  const gaps = { "shop.orders_p1": ["row level security is off"], "shop.orders": ["the policy support widens access"] };
  matchesGolden(
    join(__dirname, "../../../golden/provider/tenant-isolation.sql"),
    [
      show("make", tenantIsolation.preview(undefined, orders)),
      show("nothing to do", tenantIsolation.preview(state, orders)),
      show("a partition was opened, and a policy added", tenantIsolation.preview({ ...state, gaps }, orders)),
      show("another type", tenantIsolation.preview(state, { ...orders, type: "text" })),
      show(
        "a role may write",
        tenantIsolation.preview(state, { ...orders, grants: { ...orders.grants, shop_agent: ["SELECT", "UPDATE"] } }),
      ),
      show("delete", tenantIsolation.preview(state, undefined)),
    ].join("\n"),
  );
});
