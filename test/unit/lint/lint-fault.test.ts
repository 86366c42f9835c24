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
  checkCode: (functions) =>
    functions.code.files.map(({ source, tree }) => {
      if (source.text.includes("stumble")) throw new TypeError("undefined is no call");
      return { what: "found", fix: "", at: functions.code.placeOf(tree) };
    }),
};

const input = {
  name: "shop",
  sql: ["SELECT 1;", "SELECT stumble;", "SELECT 3;"].map((text, index) => ({ path: `${index}.sql`, text })),
  code: ["a();", "stumble();", "b();"].map((text, index) => ({ path: `${index}.ts`, text })),
};

test("reports a rule's exception as a fault of one file, and judges the others", () => {
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

test("throws a rule's exception if no fault handler is given", () => {
  assert.throws(() => lint(input, [stumbling]), /undefined is no table/);
});
