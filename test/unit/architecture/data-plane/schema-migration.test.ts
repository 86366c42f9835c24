import assert from "node:assert/strict";
import test from "node:test";
import { schemaMigration } from "../../../../architecture/data-plane/schema-migration";
import { parseShop } from "../shop";

const roles = "roles: { app: { writes: all }, agent: { reads: [countries], statementTimeout: 5 s } }";

test("creates the schema, and grants its roles USAGE on it and on the toolkit's schema", async () => {
  const { statements, apply } = schemaMigration(await parseShop({ yaml: ["schema: My Shop", roles] }));
  assert.equal(apply, "onChange");
  assert.deepEqual(
    statements.slice(1, 3).map(({ sql }) => sql),
    [
      'CREATE SCHEMA IF NOT EXISTS "My Shop"',
      'GRANT USAGE ON SCHEMA "My Shop", "tenantry" TO "shop_agent", "shop_app", "shop_cdc"',
    ],
  );
});

test("sets a role's statement timeout in this database only, and does not change the role itself", async () => {
  const { statements } = schemaMigration(await parseShop({ yaml: [roles] }));
  const [agent, app] = statements.slice(3).map(({ sql }) => sql);
  assert.match(
    agent ?? "",
    /IN DATABASE %I', 'shop_agent', current_database\(\)\)\n +\|\| ' SET statement_timeout = ''5000ms'''/,
  );
  assert.match(app ?? "", /'shop_app', current_database\(\)\)\n +\|\| ' RESET statement_timeout'/);
});

test("checks first that all roles exist, and names the missing ones", async () => {
  const [check] = schemaMigration(await parseShop({ yaml: [roles] })).statements;
  assert.match(check?.sql ?? "", /ARRAY\['shop_agent', 'shop_app', 'shop_cdc'\]/);
  assert.match(check?.sql ?? "", /roles are missing/);
});

test("the hash differs if a role or a timeout differs", async () => {
  const hashes = [[], [roles], [roles.replace("5 s", "6 s")]].map(async (yaml) => {
    const { hash } = schemaMigration(await parseShop({ yaml }));
    return hash;
  });
  assert.equal(new Set(await Promise.all(hashes)).size, 3);
});
