import assert from "node:assert/strict";
import test from "node:test";
import type { TenantType } from "../../../../architecture/application";
import {
  type FoundPolicy,
  type FoundRowSecurity,
  gapsOf,
  planRowSecurity,
  tableWithGaps,
} from "../../../../provider/postgres/row-security";

const tenancy = { column: "tenant_id", type: "uuid" } as const;
/** The condition as PostgreSQL 15 to 18 print it. */
const written = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)";
const policy: FoundPolicy = {
  name: "tenant_isolation",
  using: written,
  check: written,
  permissive: true,
  command: "*",
  everyone: true,
};
const isolated: FoundRowSecurity = { schema: "shop", table: "orders", enabled: true, forced: true, policies: [policy] };
const sql = (found: FoundRowSecurity) => planRowSecurity(found, tenancy).map((statement) => statement.sql);

test("finds no gaps in an isolated table and runs nothing", () => {
  assert.deepEqual(gapsOf(isolated, tenancy), []);
  assert.deepEqual(sql(isolated), []);
});

test("gives an open table its policy first, and closes it in one statement", () => {
  const condition = `"tenant_id" = nullif(current_setting('app.tenant_id', true), '')::uuid`;
  assert.deepEqual(sql({ ...isolated, enabled: false, forced: false, policies: [] }), [
    `CREATE POLICY "tenant_isolation" ON "shop"."orders" USING (${condition}) WITH CHECK (${condition})`,
    'ALTER TABLE "shop"."orders" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
  ]);
});

const changes: readonly [string, Partial<FoundPolicy>][] = [
  ["lets everything through", { using: "true" }],
  ["has an addition", { using: `(${written} OR (tenant_id IS NULL))` }],
  ["reads another setting", { using: written.replace("app.tenant_id", "app.tenant") }],
  ["fails without a tenant", { using: written.replace(", true", "") }],
  ["checks nothing on writing", { check: null }],
  ["is for one command", { command: "r" }],
  ["is for one role", { everyone: false }],
  ["only restricts", { permissive: false }],
];

for (const [what, change] of changes) {
  test(`treats a policy that ${what} as changed, and creates it again`, () => {
    const found = { ...isolated, policies: [{ ...policy, ...change }] };
    assert.deepEqual(gapsOf(found, tenancy), ["the policy tenant_isolation was changed"]);
    assert.deepEqual(
      sql(found).map((line) => line.slice(0, 13)),
      ['DROP POLICY "', "CREATE POLICY"],
    );
  });
}

test("drops another permissive policy, because it widens access", () => {
  const found = { ...isolated, policies: [policy, { ...policy, name: "support", using: "true" }] };
  assert.deepEqual(gapsOf(found, tenancy), ["the policy support widens access"]);
  assert.deepEqual(sql(found), ['DROP POLICY "support" ON "shop"."orders"']);
});

test("keeps a restrictive policy, because it narrows access", () => {
  assert.deepEqual(
    gapsOf({ ...isolated, policies: [policy, { ...policy, name: "x", permissive: false }] }, tenancy),
    [],
  );
});

test("previews the closing of gaps from the gaps alone", () => {
  const open: FoundRowSecurity = {
    ...isolated,
    forced: false,
    policies: [
      { ...policy, using: "true" },
      { ...policy, name: "support" },
    ],
  };
  assert.deepEqual(sql(tableWithGaps(open, gapsOf(open, tenancy), tenancy)), sql(open));
});

const onlyOne: readonly [type: TenantType, tenant: string, writtenBack: string][] = [
  ["uuid", "0193F7A0-0000-7000-8000-00000000000A", "'0193f7a0-0000-7000-8000-00000000000a'::uuid"],
  ["integer", "7", "7"],
  ["integer", "-7", "'-7'::integer"],
  ["bigint", "007", "'7'::bigint"],
  ["text", "o'neill & sons", "'o''neill & sons'::text"],
  ["text", "a\\b", "'a\\b'::text"],
];

for (const [type, onlyTenant, constant] of onlyOne) {
  test(`recognises a policy for a single tenant: ${type} ${onlyTenant}`, () => {
    const own = { column: "tenant_id", type, onlyTenant };
    const using = type === "text" ? written.replace("))::uuid)", "))") : written.replace("uuid", type);
    const found = { ...isolated, policies: [{ ...policy, using, check: `(${using} AND (tenant_id = ${constant}))` }] };
    assert.deepEqual(gapsOf(found, own), []);
    assert.deepEqual(planRowSecurity(tableWithGaps(found, [], own), own), []);
    const other = { ...own, onlyTenant: type === "text" ? `${onlyTenant.replaceAll(" ", "")}x` : "8" };
    if (type !== "uuid") assert.deepEqual(gapsOf(found, other), ["the policy tenant_isolation was changed"]);
  });
}

test("distinguishes tenants whose names differ only in spaces", () => {
  const using = written.replace("))::uuid)", "))");
  const found = { ...isolated, policies: [{ ...policy, using, check: `(${using} AND (tenant_id = 'ab'::text))` }] };
  const gaps = gapsOf(found, { column: "tenant_id", type: "text", onlyTenant: "a b" });
  assert.deepEqual(gaps, ["the policy tenant_isolation was changed"]);
});
