import assert from "node:assert/strict";
import test from "node:test";
import { loadSqlParser } from "../../../architecture/sql/sql-parser";
import { lint } from "../../../lint/lint";
import type { Rule } from "../../../lint/rule";
import { loadTypeScript } from "../../../lint/typescript/typescript";

test.before(() => Promise.all([loadSqlParser(), loadTypeScript()]));

const stumbling: Rule = {
  name: "drop-column",
  severity: "error",
  harm: "",
  check: (statements) => {
    if (statements.some(({ source }) => source.text.includes("stumble"))) throw new TypeError("undefined is no table");
    return statements.map(({ placeOf }) => ({ what: "found", fix: "", at: placeOf(0) }));
  },
  checkCode: (units) =>
    units.code.files.map(({ source, tree }) => {
      if (source.text.includes("stumble")) throw new TypeError("undefined is no call");
      return { what: "found", fix: "", at: units.code.placeOf(tree) };
    }),
};

const input = {
  name: "shop",
  sql: ["SELECT 1;", "SELECT stumble;", "SELECT 3;"].map((text, index) => ({ path: `${index}.sql`, text })),
  code: ["a();", "stumble();", "b();"].map((text, index) => ({ path: `${index}.ts`, text })),
};

test("what a rule throws over a file is that file's fault, and the others are judged", () => {
  const faults: [string, string][] = [];
  const found = lint(input, [stumbling], (path, error) => faults.push([path, (error as Error).message]));
  assert.deepEqual(faults, [
    ["1.sql", "undefined is no table"],
    ["1.ts", "undefined is no call"],
  ]);
  assert.deepEqual(
    found.map(({ at }) => at.file),
    ["0.sql", "0.ts", "2.sql", "2.ts"],
  );
});

test("who asks for no faults gets what was thrown", () => {
  assert.throws(() => lint(input, [stumbling]), /undefined is no table/);
});
