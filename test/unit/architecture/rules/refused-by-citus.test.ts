import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { refusals } from "../../../../architecture/citus/refusals";
import { stackThatNeedsCitus } from "../../../../architecture/citus/required";
import { refusedByCitusRule } from "../../../../architecture/rules/refused-by-citus";
import { problemsOf } from "../shop";
import { fixes, found } from "./shop-with";

const bad = "CREATE TRIGGER touched BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION touch();";

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(refusedByCitusRule, bad), [
    "1 Citus refuses a trigger on a tenant or reference table (`customers`): the rows lie on other nodes, to which it passes no trigger on, and a table with one can't be placed",
  ]);
  assert.match((await fixes(refusedByCitusRule, bad)).join(), /^Compute the value/);
});

test("the good example passes", async () => {
  assert.deepEqual(
    await found(refusedByCitusRule, "ALTER TABLE customers ADD COLUMN touched_at timestamptz NOT NULL DEFAULT now();"),
    [],
  );
});

test("the page lists every refusal with its reason, way out and source", () => {
  const path = join(__dirname, "..", "..", "..", "..", "docs", "rules", "refused-by-citus.md");
  const page = readFileSync(path, "utf8");
  for (const { construct, why, fix, source } of Object.values(refusals)) {
    assert.ok(page.includes(`| ${construct} | ${why} | ${fix} | ${source} |`), construct);
  }
});

const shop = {
  tables: ["t: { tenant: true }"],
  sql: {
    "002_t.sql": `CREATE TABLE t (tenant_id uuid, id uuid, parent uuid, PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, parent) REFERENCES t ON DELETE SET NULL (parent));`,
  },
};

test("preview refuses it where architecture.yaml says `citus: required`, with file and line", async () => {
  assert.deepEqual(await problemsOf(shop), []);
  const [problem, ...others] = await problemsOf({ ...shop, yaml: ["citus: required"] });
  assert.deepEqual(others, []);
  assert.match(problem?.what ?? "", /^Citus refuses ON DELETE SET NULL and SET DEFAULT .* \(`t`\)/);
  assert.match(problem?.expected ?? "", /architecture.yaml requires it/);
  assert.deepEqual([problem?.at?.file, problem?.at?.line], ["sql/shop/002_t.sql", 2]);
});

test("preview takes an exception with its reason", async () => {
  const sql = {
    "002_t.sql": shop.sql["002_t.sql"].replace("CREATE", "-- tenantry:allow refused-by-citus A fork of Citus\nCREATE"),
  };
  assert.deepEqual(await problemsOf({ ...shop, sql, yaml: ["citus: required"] }), []);
});

test("a stack needs Citus unless it says auto, or gives each tenant a schema", () => {
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
