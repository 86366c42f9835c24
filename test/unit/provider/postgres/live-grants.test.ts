import assert from "node:assert/strict";
import test from "node:test";
import {
  grantsAsInputs,
  noGrants,
  planGrants,
  rolesThatDiffer,
  surplusGrants,
} from "../../../../provider/postgres/live-grants";

const name = { schema: "shop", table: "orders" };
const sql = (statements: readonly { sql: string }[]) => statements.map((statement) => statement.sql);

test("grants missing privileges, with USAGE on the schema", () => {
  assert.deepEqual(sql(planGrants(name, noGrants, { 'the "app"': ["SELECT", "INSERT"] }, [])), [
    'GRANT USAGE ON SCHEMA "shop" TO "the ""app"""',
    'GRANT SELECT, INSERT ON "shop"."orders" TO "the ""app"""',
  ]);
});

test("changes nothing if the grants are in place, also if PUBLIC may use the schema", () => {
  const found = { onTable: { app: ["SELECT"] }, onSchema: ["PUBLIC"] };
  assert.deepEqual(planGrants(name, found, { app: ["SELECT"] }, []), []);
});

test("revokes surplus privileges from declared roles, formerly declared roles and PUBLIC only", () => {
  const found = {
    onTable: { app: ["SELECT", "TRUNCATE"], former: ["SELECT"], PUBLIC: ["SELECT"], operator: ["SELECT"] },
    onSchema: ["app"],
  };
  assert.deepEqual(sql(planGrants(name, found, { app: ["SELECT"] }, ["former"])), [
    'REVOKE SELECT ON "shop"."orders" FROM PUBLIC',
    'REVOKE TRUNCATE ON "shop"."orders" FROM "app"',
    'REVOKE SELECT ON "shop"."orders" FROM "former"',
  ]);
});

test("counts a role that can't reach the schema as holding nothing", () => {
  assert.deepEqual(grantsAsInputs({ onTable: { app: ["SELECT"] }, onSchema: [] }, { app: ["SELECT"] }), { app: [] });
});

test("lists privileges that can't be declared as surplus", () => {
  const found = { onTable: { app: ["SELECT", "TRUNCATE"], PUBLIC: ["SELECT"] }, onSchema: [] };
  assert.deepEqual(surplusGrants(found, ["app"]), { app: ["TRUNCATE"], PUBLIC: ["SELECT"] });
});

test("ignores the order of privileges, and treats an empty list as no privileges", () => {
  assert.deepEqual(rolesThatDiffer({ a: ["SELECT", "INSERT"], b: [] }, { a: ["INSERT", "SELECT"] }), []);
  assert.deepEqual(rolesThatDiffer({ a: ["SELECT"] }, { b: ["SELECT"] }), ["a", "b"]);
});
