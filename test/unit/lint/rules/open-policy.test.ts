import assert from "node:assert/strict";
import test from "node:test";
import { lint } from "../../../../lint/lint";
import { openPolicy } from "../../../../lint/rules/open-policy";
import { fixes, found } from "../shop-with";

const bad = `CREATE POLICY everybody ON customers USING (true);
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
      `CREATE POLICY own ON customers USING (tenant_id = tenantry.current_tenant() AND country = 'CH');
CREATE POLICY everybody_reads ON countries FOR SELECT USING (true);`,
    ),
    [],
  );
});

/** The conditions that the rule reports, each as USING of a policy on plain PostgreSQL. */
async function foundIn(conditions: readonly string[], mode: "PERMISSIVE" | "RESTRICTIVE") {
  const text = conditions
    .map(
      (each, index) => `CREATE POLICY p${index} ON customers AS ${mode} USING (${each}) WITH CHECK (tenant_id = $1);`,
    )
    .join("\n");
  const lines = (await found(openPolicy, text, { citus: false })).map((each) => Number.parseInt(each, 10));
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

const open = "CREATE POLICY everybody ON customers";
const own = "tenant_id = tenantry.current_tenant()";

test("accepts an open policy beside a restrictive one that holds the same rows to the tenant", async () => {
  const held = [
    `${open} USING (true) WITH CHECK (true); CREATE POLICY own ON customers AS RESTRICTIVE USING (${own});`,
    `CREATE POLICY own ON customers AS RESTRICTIVE USING (${own}); ${open} USING (name = 'x');`,
    `${open} FOR SELECT USING (true); CREATE POLICY own ON customers AS RESTRICTIVE FOR SELECT USING (${own});`,
    `${open} FOR INSERT WITH CHECK (true); CREATE POLICY own ON customers AS RESTRICTIVE USING (false) WITH CHECK (false);
     ALTER POLICY own ON customers WITH CHECK (${own});`,
    `${open} FOR UPDATE TO shop_app USING (true) WITH CHECK (true);
     CREATE POLICY own ON customers AS RESTRICTIVE FOR UPDATE TO shop_app, shop_agent USING (${own});`,
    `CREATE POLICY own ON customers AS RESTRICTIVE USING (${own}); ALTER POLICY own ON customers RENAME TO mine;
     CREATE POLICY everybody ON customers USING (false); ALTER POLICY everybody ON customers USING (true);`,
    `${open} USING (true); CREATE POLICY a ON customers AS RESTRICTIVE FOR SELECT USING (${own});
     CREATE POLICY b ON customers AS RESTRICTIVE FOR UPDATE USING (${own});
     CREATE POLICY c ON customers AS RESTRICTIVE FOR DELETE USING (${own});`,
  ];
  for (const sql of held) assert.deepEqual(await found(openPolicy, sql, { citus: false }), [], sql);
});

test("reports an open policy if a role, a command or the table lacks the restrictive one", async () => {
  const left = [
    `${open} USING (true); CREATE POLICY own ON customers AS RESTRICTIVE FOR SELECT USING (${own});`,
    `${open} USING (true); CREATE POLICY own ON customers AS RESTRICTIVE TO shop_app USING (${own});`,
    `${open} USING (true); CREATE POLICY own ON orders AS RESTRICTIVE USING (${own});`,
    `${open} USING (true); CREATE POLICY own ON customers AS RESTRICTIVE USING (name = 'x');`,
    `${open} USING (true); CREATE POLICY own ON customers AS PERMISSIVE USING (${own});`,
    `${open} USING (true); CREATE POLICY own ON customers AS RESTRICTIVE USING (${own}); DROP POLICY own ON customers;`,
    `${open} USING (true); CREATE POLICY own ON customers AS RESTRICTIVE FOR INSERT WITH CHECK (${own});`,
  ];
  for (const sql of left) {
    const [first, ...others] = await found(openPolicy, sql, { citus: false });
    assert.match(first ?? "", /^1 Policy `everybody` on `customers` restricts nothing/, sql);
    assert.deepEqual(others, [], sql);
  }
});

test("reports an open policy beside a restrictive one on Citus, which drops the word", async () => {
  const sql = `${open} USING (true);\nCREATE POLICY own ON customers AS RESTRICTIVE USING (${own});
CREATE POLICY swiss ON customers AS RESTRICTIVE USING (country = 'CH');`;
  assert.deepEqual(await found(openPolicy, sql), [
    "1 Policy `everybody` on `customers` restricts nothing: its USING is true for every row, and `own` doesn't narrow it, because Citus drops the word RESTRICTIVE when it copies policies to the shards",
    "3 Policy `swiss` on `customers` lets rows of any tenant through: its USING doesn't always compare `tenant_id` with the tenant, and Citus drops the word RESTRICTIVE when it copies policies to the shards",
  ]);
});

test("finds the restrictive policy in a later file, in another schema only by its name", async () => {
  const files = [
    "CREATE TABLE orders (tenant_id uuid, id uuid); CREATE POLICY everybody ON orders USING (true);",
    `CREATE POLICY own ON public.orders AS RESTRICTIVE USING (${own});`,
  ].map((text, index) => ({ path: `db/${index}.sql`, text }));
  const rulesIn = (name: string) => lint({ name, sql: files }, [openPolicy]).map(({ at: { file } }) => file);
  assert.deepEqual(rulesIn("public"), []);
  assert.deepEqual(rulesIn("shop"), ["db/0.sql"]);
});
