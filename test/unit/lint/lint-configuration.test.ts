import assert from "node:assert/strict";
import test from "node:test";
import { parseLintConfiguration } from "../../../lint/lint-configuration";
import { rules } from "../../../lint/list";

const parse = (text: string) => parseLintConfiguration({ path: "tenantry-lint.yaml", text });

test("enables every rule with its own severity by default", () => {
  const { rules: chosen, drops, isExcluded, applicationOf } = parse("");
  assert.deepEqual(chosen, rules);
  assert.deepEqual([drops, isExcluded("a.sql"), applicationOf("a.ts")], [[], false, undefined]);
});

test("switches a rule off, or changes its severity", () => {
  const { rules: chosen } = parse("rules: { varchar-column: off, serial-column: error }");
  assert.equal(chosen.length, rules.length - 1);
  assert.equal(chosen.find(({ name }) => name === "serial-column")?.severity, "error");
});

test("excludes paths, and assigns code to applications, by patterns", () => {
  const { isExcluded, applicationOf } = parse('exclude: [test/**]\napplications: { shop: ["src/shop/**"] }');
  assert.deepEqual([isExcluded("test/a/b.sql"), isExcluded("sql/test.sql")], [true, false]);
  assert.deepEqual([applicationOf("src/shop/a.ts"), applicationOf("src/a.ts")], ["shop", undefined]);
});

test("reports unknown rules, keys and severities, with a suggestion", () => {
  assert.throws(() => parse("rules:\n  varchar-colum: off"), {
    message: /tenantry-lint.yaml:2:3: There is no rule `varchar-colum`\n.*\n.*\n {2}fix: {6}Write `varchar-column`/,
  });
  assert.throws(() => parse("excludes: []"), { message: /no key `excludes`[\s\S]*Write `exclude`/ });
  assert.throws(() => parse("rules: { varchar-column: never }"), { message: /off, warning or error/ });
  assert.throws(() => parse("rules: { syntax: off }"), { message: /Rule `syntax` is always on/ });
});
