import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { loadSqlParser } from "../../../../architecture/sql/sql-parser";
import { refusals as citusRefusals } from "../../../../lint/citus/citus-refusals";
import { stackThatNeedsCitus } from "../../../../lint/citus/required";
import { refusalsUnless } from "../../../../lint/file-refusals";
import { refusedByCitusRule } from "../../../../lint/rules/refused-by-citus";
import { fixes, found } from "../shop-with";

const bad = "CREATE TRIGGER touched BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION touch();";

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(refusedByCitusRule, bad), [
    "1 Citus refuses a trigger on a tenant or reference table (`customers`): the rows lie on other nodes, to which it passes no trigger on, and a table with one can't be placed",
  ]);
  assert.match((await fixes(refusedByCitusRule, bad)).join(), /^Compute the value/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(refusedByCitusRule, "ALTER TABLE customers ADD COLUMN touched_at timestamptz NOT NULL DEFAULT now();"),
    [],
  );
});

test("lists every refusal on its page, with reason, fix and source", () => {
  const path = join(__dirname, "..", "..", "..", "..", "docs", "rules", "refused-by-citus.md");
  const page = readFileSync(path, "utf8");
  for (const { construct, why, fix, source } of Object.values(citusRefusals)) {
    assert.ok(page.includes(`| ${construct} | ${why} | ${fix} | ${source} |`), construct);
  }
});

const table = `CREATE TABLE t (tenant_id uuid, id uuid, parent uuid, PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, parent) REFERENCES t ON DELETE SET NULL (parent));`;

async function refusedIn(sql: string, { citus, allow = [] }: { readonly citus?: string; readonly allow?: string[] }) {
  await loadSqlParser();
  const yaml = `tenant: { table: tenants }\ntables: { t: { tenant: true } }\n${citus === "line" ? "citus: required\n" : ""}`;
  return refusalsUnless(allow)(
    "shop",
    { path: "sql/shop/architecture.yaml", text: yaml },
    [
      { path: "sql/shop/001_tenants.sql", text: "CREATE TABLE tenants (tenant_id uuid PRIMARY KEY);" },
      { path: "sql/shop/002_t.sql", text: sql },
    ],
    citus === "stack" ? [{ path: "stacks/Pulumi.prod.yaml", text: "config: { tenantry:application: shop }" }] : [],
  );
}

test("makes preview refuse it if a stack or architecture.yaml needs Citus, with file and line", async () => {
  assert.deepEqual(await refusedIn(table, {}), []);
  for (const citus of ["stack", "line"]) {
    const [problem, ...others] = await refusedIn(table, { citus });
    assert.deepEqual(others, []);
    assert.match(problem?.what ?? "", /^Citus refuses ON DELETE SET NULL and SET DEFAULT .* \(`t`\)/);
    assert.deepEqual([problem?.at?.file, problem?.at?.line], ["sql/shop/002_t.sql", 2]);
    assert.match(problem?.fix ?? "", /add `run sql\/shop\/002_t.sql` to tenantry:allow/);
  }
});

test("makes preview report it in a DO block, and accept a file that the stack allows", async () => {
  const block = `${table.replace(" ON DELETE SET NULL (parent)", "")}
DO $$ BEGIN EXECUTE 'CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()'; END $$;`;
  const [problem, ...others] = await refusedIn(block, { citus: "stack" });
  assert.deepEqual([others, problem?.at?.line], [[], 3]);
  assert.deepEqual(await refusedIn(table, { citus: "stack", allow: ["run sql/shop/002_t.sql"] }), []);
});

test("counts a stack as needing Citus unless it has `auto` or gives each tenant a schema", () => {
  const stack = (name: string, ...lines: string[]) => ({
    path: `stacks/Pulumi.${name}.yaml`,
    text: ["config:", "  tenantry:application: shop", ...lines].join("\n"),
  });
  const auto = stack("local", "  tenantry:citus: auto");
  assert.equal(stackThatNeedsCitus([auto], "shop"), undefined);
  assert.equal(stackThatNeedsCitus([auto, stack("prod")], "shop"), "stacks/Pulumi.prod.yaml");
  assert.equal(stackThatNeedsCitus([stack("prod")], "other"), undefined);
  assert.equal(stackThatNeedsCitus([stack("prod", "  tenantry:tenancy: schema")], "shop"), undefined);
  assert.equal(stackThatNeedsCitus([{ path: "Pulumi.x.yaml", text: "- not\n a stack" }], "shop"), undefined);
});
