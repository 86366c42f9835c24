import assert from "node:assert/strict";
import test, { before } from "node:test";
import { parseChangeFile } from "../../../../architecture/changes/change-file";
import { loadSqlParser } from "../../../../architecture/sql/sql-parser";

before(loadSqlParser);

const path = "sql/shop/changes/085_total_in_cents.yaml";
const text = `table: orders
add:
  total_cents: { type: "bigint", from: (total * 100)::bigint, notNull: true }
drop:
  total: total_cents / 100.0
`;

function problemsOf(changed: string, at = path) {
  const parsed = parseChangeFile({ path: at, text: changed });
  assert.ok(Array.isArray(parsed));
  return parsed;
}

test("reads a schema change with seven days of soak time", () => {
  const parsed = parseChangeFile({ path, text });
  assert.ok(!Array.isArray(parsed));
  const { source: _, ...change } = parsed.change;
  assert.deepEqual(change, {
    name: "085_total_in_cents",
    table: "orders",
    add: [
      {
        name: "total_cents",
        type: "bigint",
        from: { text: "(total * 100)::bigint", columns: [{ name: "total", start: 1, end: 6 }] },
        notNull: true,
      },
    ],
    drop: [
      { name: "total", from: { text: "total_cents / 100.0", columns: [{ name: "total_cents", start: 0, end: 11 }] } },
    ],
    soak: { count: 7, unit: "day" },
  });
});

for (const [what, changed, message] of [
  ["a subquery", text.replace("total_cents / 100.0", "(SELECT 1)"), /subquery/],
  ["two expressions", text.replace("total_cents / 100.0", "1, 2"), /more than one expression/],
  ["a second statement", text.replace("total_cents / 100.0", '"1; DROP TABLE orders"'), /more than one expression/],
  ["a column with its table", text.replace("total_cents / 100.0", "orders.total_cents"), /write the column alone/],
  ["SQL that can't be parsed", text.replace("total_cents / 100.0", '"total_cents /"'), /an SQL expression/],
  ["a type with a constraint", text.replace('"bigint"', '"bigint UNIQUE"'), /one type of PostgreSQL/],
  [
    "a type with more behind it",
    text.replace('"bigint"', '"bigint); DROP TABLE orders; --"'),
    /one type of PostgreSQL/,
  ],
  ["no column at all", "table: orders\n", /adds no column and drops none/],
  ["an unknown key", `${text}phase: expand\n`, /phase/],
] as const) {
  test(`refuses ${what}`, () => {
    const [problem] = problemsOf(changed);
    assert.match(`${problem?.what} ${problem?.expected}`, message);
    assert.equal(problem?.at?.file, path);
  });
}

test("refuses a file name without a number, and one that is too long for a trigger's name", () => {
  assert.match(problemsOf(text, "sql/shop/changes/cents.yaml")[0]?.expected ?? "", /085_total_in_cents\.yaml/);
  assert.match(problemsOf(text, `sql/shop/changes/085_${"x".repeat(50)}.yaml`)[0]?.expected ?? "", /40 characters/);
});
