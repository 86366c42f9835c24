import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import test from "node:test";
import { loadApplication } from "../../../architecture/application-loader";
import { loadSqlParser } from "../../../architecture/sql/sql-parser";
import { lint } from "../../../lint/lint";
import { renderFindings } from "../../../lint/lint-format";
import { allRules, type Linted } from "../../../lint/linted";
import { rules } from "../../../lint/list";
import { pageOf, type Rule } from "../../../lint/rule";
import { findings } from "./shop-with";

const root = join(__dirname, "..", "..", "..");

for (const rule of allRules) {
  test(`${rule.name} has a page with its harm, its severity, a bad and a good example, and the fix`, () => {
    const page = readFileSync(join(root, pageOf(rule.name)), "utf8");
    assert.ok(page.startsWith(`# ${rule.name}\n`));
    assert.ok(page.includes(rule.harm));
    assert.ok(page.includes(`Severity: ${rule.severity}.`));
    for (const heading of ["## Bad", "## Good", "## Fix"]) assert.ok(page.includes(`\n${heading}\n`), heading);
    const index = readFileSync(join(root, "docs/rules/README.md"), "utf8");
    assert.ok(index.includes(`| [${rule.name}](${rule.name}.md) | ${rule.severity} | ${rule.harm} |`));
  });
}

for (const rule of rules) {
  test(`${rule.name} has a test that reports the bad example, and one that accepts the good one`, () => {
    const tests = readFileSync(join(root, "test/unit/lint/rules", `${rule.name}.test.ts`), "utf8");
    assert.match(tests, /test\("reports the bad example: line, message, fix"/);
    assert.match(tests, /test\("accepts the good example"/);
  });
}

for (const rule of rules) {
  test(`${rule.name}'s page shows a bad example that it reports, and a good one that it accepts`, async () => {
    const page = readFileSync(join(root, pageOf(rule.name)), "utf8");
    const examples = [...page.matchAll(/^```(sql|yaml|typescript)\n(.*?)^```/gms)];
    assert.ok(examples.length >= 2);
    for (const { index, 1: language, 2: text = "" } of examples) {
      const said = await findings(rule, text, { in: language as "sql" | "yaml" | "typescript" });
      assert.equal(said.length > 0, index < page.indexOf("\n## Good"), text);
      for (const finding of said) namesEverything(rule, finding);
    }
  });
}

/** The place, the lock or the harm, the fix, and the page with the rest. */
function namesEverything(rule: Rule, finding: Linted): void {
  const { what, fix, at } = finding;
  assert.match(what, /\S+ \S+ \S+/);
  assert.match(fix, /^[A-Z`].*\S \S/);
  // A resource that a program declares has a type and a name, and no line.
  if (!at.file.includes("$") && !at.file.includes(" ")) assert.ok((at.line ?? 0) > 0, `${at.file} without a line`);
  const text = renderFindings([finding], "text");
  for (const part of [at.file, what, fix, rule.name, pageOf(rule.name)])
    assert.ok(text.includes(part), `${part} in ${text}`);
}

test("every rule has a page and a file under its own name", () => {
  const named = readdirSync(join(root, "docs/rules")).map((file) => basename(file, ".md"));
  const expected = [...allRules.map(({ name }) => name), "README"].toSorted();
  assert.deepEqual(named.toSorted(), expected);
  for (const { name } of rules) assert.ok(existsSync(join(root, "lint/rules", `${name}.ts`)), name);
});

test("finds nothing in the repository's own applications and the toolkit's SQL", async () => {
  await loadSqlParser();
  const source = (path: string) => ({ path, text: readFileSync(join(root, path), "utf8") });
  const findings = readdirSync(join(root, "sql")).flatMap((name) => {
    const yaml = `sql/${name}/architecture.yaml`;
    if (!existsSync(join(root, yaml))) return [];
    const files = readdirSync(join(root, "sql", name)).filter((file) => file.endsWith(".sql"));
    return lint({ name, yaml: source(yaml), sql: files.map((file) => source(`sql/${name}/${file}`)) });
  });
  const { base } = await loadApplication(join(root, "sql/ecommerce"));
  assert.deepEqual([...findings, ...lint({ name: "tenantry", sql: base })], []);
});
