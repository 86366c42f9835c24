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

test("what is missing is granted, with the way into the schema", () => {
  assert.deepEqual(sql(planGrants(name, noGrants, { 'the "app"': ["SELECT", "INSERT"] }, [])), [
    'GRANT USAGE ON SCHEMA "shop" TO "the ""app"""',
    'GRANT SELECT, INSERT ON "shop"."orders" TO "the ""app"""',
  ]);
});

test("what is in place is left alone, also where everybody may use the schema", () => {
  const found = { onTable: { app: ["SELECT"] }, onSchema: ["PUBLIC"] };
  assert.deepEqual(planGrants(name, found, { app: ["SELECT"] }, []), []);
});

test("surplus is revoked from the declared, the formerly declared, and everybody, and from nobody else", () => {
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

test("a role that can't reach the schema holds nothing", () => {
  assert.deepEqual(grantsAsInputs({ onTable: { app: ["SELECT"] }, onSchema: [] }, { app: ["SELECT"] }), { app: [] });
});

test("what can't be declared is surplus", () => {
  const found = { onTable: { app: ["SELECT", "TRUNCATE"], PUBLIC: ["SELECT"] }, onSchema: [] };
  assert.deepEqual(surplusGrants(found, ["app"]), { app: ["TRUNCATE"], PUBLIC: ["SELECT"] });
});

test("the order of privileges is no difference, and an empty list is none", () => {
  assert.deepEqual(rolesThatDiffer({ a: ["SELECT", "INSERT"], b: [] }, { a: ["INSERT", "SELECT"] }), []);
  assert.deepEqual(rolesThatDiffer({ a: ["SELECT"] }, { b: ["SELECT"] }), ["a", "b"]);
});
