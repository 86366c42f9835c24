import assert from "node:assert/strict";
import test from "node:test";
import { schemaMigration } from "../../../../architecture/data-plane/schema-migration";
import { parseShop } from "../shop";

const roles = "roles: { app: { writes: all }, agent: { reads: [countries], statementTimeout: 5 s } }";

test("the schema is made, and its roles may look into it and into the toolkit's", async () => {
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

test("a role's timeout is one of this database, so that the role stays as whoever made it wants it", async () => {
  const { statements } = schemaMigration(await parseShop({ yaml: [roles] }));
  const [agent, app] = statements.slice(3).map(({ sql }) => sql);
  assert.match(
    agent ?? "",
    /IN DATABASE %I', 'shop_agent', current_database\(\)\)\n +\|\| ' SET statement_timeout = ''5000ms'''/,
  );
  assert.match(app ?? "", /'shop_app', current_database\(\)\)\n +\|\| ' RESET statement_timeout'/);
});

test("roles that the platform has not made are named first", async () => {
  const [check] = schemaMigration(await parseShop({ yaml: [roles] })).statements;
  assert.match(check?.sql ?? "", /ARRAY\['shop_agent', 'shop_app', 'shop_cdc'\]/);
  assert.match(check?.sql ?? "", /roles are missing/);
});

test("another role or timeout is another hash", async () => {
  const hashes = [[], [roles], [roles.replace("5 s", "6 s")]].map(async (yaml) => {
    const { hash } = schemaMigration(await parseShop({ yaml }));
    return hash;
  });
  assert.equal(new Set(await Promise.all(hashes)).size, 3);
});
