import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { parseBase } from "../../../../architecture/data-plane/base-sql";
import { scopedApplications } from "../../../../architecture/tenancy/scoped-applications";
import { Problems } from "../../../../common/problem";
import { parseShop } from "../shop";

async function filled(text: string, yaml: readonly string[] = []) {
  return parseBase(await parseShop({ yaml }), [{ path: "sql/base/010_a.sql", text }]);
}

test("substitutes variables as identifiers, literals or bare words, also in function bodies", async () => {
  const [file] = await filled(
    'SELECT :"column", :\'column\', NULL::uuid, x::type, y:::type, $$ :"root_table" $$ FROM :"root_schema";',
    ["schema: My 'Shop'"],
  );
  assert.equal(
    file?.statements[0]?.sql,
    `SELECT "tenant_id", 'tenant_id', NULL::uuid, x::type, y::uuid, $$ "tenants" $$ FROM "My 'Shop'"`,
  );
});

test("the hash differs if a variable's value differs", async () => {
  const text = "SELECT :'root_schema';";
  const [one] = await filled(text);
  const [other] = await filled(text, ["schema: other"]);
  assert.notEqual(one?.hash, other?.hash);
});

test("reports an unknown variable and a syntax error at their places", async () => {
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

test("keeps array slices and text that only looks like a variable", async () => {
  const [file] = await filled("SELECT a[1:n], ':none' FROM t;");
  assert.equal(file?.statements[0]?.sql, "SELECT a[1:n], ':none' FROM t");
});

test("the toolkit's own files are valid SQL for a schema named like a reserved word", async () => {
  const tenants = [{ name: "user", id: "5e5b2c1a-0000-4000-8000-00000000acce" }];
  const applications = scopedApplications(await parseShop({ name: "current", split: true }), {
    model: "schema",
    tenants,
  });
  const sources = readdirSync("sql/base").map((file) => ({
    path: `sql/base/${file}`,
    text: readFileSync(`sql/base/${file}`, "utf8"),
  }));
  const [common, own] = applications.map((each) => parseBase(each, sources));
  assert.deepEqual(
    own?.map(({ path }) => path),
    [
      "sql/base/040_emit.sql",
      "sql/base/050_process_once.sql",
      "sql/base/080_parked_events.sql",
      "sql/base/085_claim_check.sql",
      "sql/base/095_cold_requests.sql",
    ],
  );
  assert.match(own?.[0]?.text ?? "", /FUNCTION "current_user"\.emit\(/);
  assert.equal(common?.length, sources.length - 5);
});
