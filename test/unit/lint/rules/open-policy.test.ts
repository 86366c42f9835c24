import assert from "node:assert/strict";
import test from "node:test";
import { openPolicy } from "../../../../lint/rules/open-policy";
import { fixes, found } from "../shop-with";

const bad = `CREATE POLICY everybody ON customers AS RESTRICTIVE USING (true);
CREATE POLICY mine ON orders USING (tenant_id = tenantry.current_tenant() OR total < 10) WITH CHECK (1 = 1);
ALTER POLICY tenant_isolation ON customers USING (tenant_id = tenant_id);`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(openPolicy, bad), [
    "1 Policy `everybody` on `customers` restricts nothing: its USING is true for every row",
    "2 Policy `mine` on `orders` lets rows of any tenant through: its USING doesn't always compare `tenant_id` with the tenant",
    "2 Policy `mine` on `orders` restricts nothing: its WITH CHECK is true for every row",
    "3 Policy `tenant_isolation` on `customers` restricts nothing: its USING is true for every row",
  ]);
  assert.match((await fixes(openPolicy, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      openPolicy,
      `CREATE POLICY swiss ON customers AS RESTRICTIVE USING (country = 'CH');
CREATE POLICY everybody_reads ON countries FOR SELECT USING (true);`,
    ),
    [],
  );
});

/** Whether each condition is found, as USING of a policy. */
async function foundIn(conditions: readonly string[], mode: "PERMISSIVE" | "RESTRICTIVE") {
  const text = conditions
    .map((each) => `CREATE POLICY p ON customers AS ${mode} USING (${each}) WITH CHECK (tenant_id = $1);`)
    .join("\n");
  const lines = (await found(openPolicy, text)).map((each) => Number.parseInt(each, 10));
  return conditions.filter((_, index) => lines.includes(index + 1));
}

test("recognises conditions that are always true, in any spelling", async () => {
  const always = [
    "true OR name = 'x'",
    "NOT false",
    "'t'::boolean",
    "'yes'::bool IS TRUE",
    "coalesce(true, false)",
    "(SELECT true)",
    "EXISTS (SELECT 1)",
    "customers.name = name",
    "name IS NOT DISTINCT FROM name",
    "CASE WHEN name = 'x' THEN true ELSE 1 = 1 END",
    "2 > 1 AND 'a' <> 'b'",
    "name LIKE '%'",
    "name IN ('x', name)",
    "tenant_id IS NOT NULL",
    "current_user = current_user",
    "false IS NOT TRUE",
  ];
  assert.deepEqual(await foundIn(always, "RESTRICTIVE"), always);
});

test("accepts a restrictive policy with a real condition", async () => {
  const some = ["name = 'x'", "name IS NOT NULL", "false", "1 = 2", "name = 'x' OR country = 'CH'", "name LIKE 'a%'"];
  assert.deepEqual(await foundIn(some, "RESTRICTIVE"), []);
});

test("requires a permissive policy to compare the tenant column, outside of every OR", async () => {
  const open = [
    "name = 'x'",
    "tenant_id = $1 OR current_user = 'root'",
    "tenant_id <> $1",
    "NOT (tenant_id = $1)",
    "tenant_id = coalesce($1, tenant_id)",
    "tenant_id = ANY (ARRAY[tenant_id])",
    "CASE WHEN name = 'x' THEN true ELSE tenant_id = $1 END",
  ];
  const held = [
    "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid",
    "$1 = tenant_id AND name = 'x'",
    "tenant_id = $1 AND (name = 'x' OR name = 'y')",
    "tenant_id IN ($1, $2)",
    "tenant_id IS NOT DISTINCT FROM $1",
    "NOT (tenant_id <> $1)",
    "may_see(tenant_id)",
    "CASE WHEN name = 'x' THEN false ELSE tenant_id = $1 END",
  ];
  assert.deepEqual(await foundIn([...open, ...held], "PERMISSIVE"), open);
});
