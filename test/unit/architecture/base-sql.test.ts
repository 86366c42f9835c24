import assert from "node:assert/strict";
import test from "node:test";
import { parseBase } from "../../../architecture/base-sql";
import { Problems } from "../../../architecture/problem";
import { parseShop } from "./shop";

async function filled(text: string, yaml: readonly string[] = []) {
  return parseBase(await parseShop({ yaml }), [{ path: "sql/base/010_a.sql", text }]);
}

test("variables become identifiers, literals or bare words, also in function bodies", async () => {
  const [file] = await filled(
    'SELECT :"column", :\'column\', NULL::uuid, x::type, y:::type, $$ :"root_table" $$ FROM :"root_schema";',
    ["schema: My 'Shop'"],
  );
  assert.equal(
    file?.statements[0]?.sql,
    `SELECT "tenant_id", 'tenant_id', NULL::uuid, x::type, y::uuid, $$ "tenants" $$ FROM "My 'Shop'"`,
  );
});

test("another value gives another hash", async () => {
  const text = "SELECT :'root_schema';";
  const [one] = await filled(text);
  const [other] = await filled(text, ["schema: other"]);
  assert.notEqual(one?.hash, other?.hash);
});

test("an unknown variable and a syntax error are found in their places", async () => {
  await assert.rejects(filled("SELECT 1;\nSELECT :'colum';"), (error) => {
    assert.ok(error instanceof Problems);
    const [problem] = error.problems;
    assert.equal(problem?.what, "There is no such variable");
    assert.equal(problem?.got, ":'colum'");
    assert.deepEqual([problem?.at?.line, problem?.at?.column], [2, 8]);
    return true;
  });
  await assert.rejects(filled("SELEC :'column';"), /sql\/base\/010_a\.sql:1:1: PostgreSQL cannot read this SQL/);
});

test("array slices and words that are no variables stay", async () => {
  const [file] = await filled("SELECT a[1:n], ':none' FROM t;");
  assert.equal(file?.statements[0]?.sql, "SELECT a[1:n], ':none' FROM t");
});
