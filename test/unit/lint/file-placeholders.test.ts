import assert from "node:assert/strict";
import test from "node:test";
import { loadSqlParser } from "../../../architecture/sql/sql-parser";
import { lint } from "../../../lint/lint";

/** The findings in one file of a foreign layout, as `LINE:COLUMN RULE`. */
async function find(text: string, path = "db/V1__one.sql") {
  await loadSqlParser();
  const sql = [
    { path: "db/V0__zero.sql", text: "CREATE TABLE orders (tenant_id uuid, id uuid, total numeric);" },
    { path, text },
  ];
  return lint({ name: "public", sql });
}
const placed = async (text: string, path?: string) =>
  (await find(text, path)).map(({ at: { line, column }, rule }) => `${line}:${column} ${rule}`);

test("reads names in the place of placeholders, in the style of each tool", async () => {
  for (const [table, column] of [
    ["${table}", "${column}"],
    ["{{ .Table }}", "{{ .Column }}"],
    ["#{table}", "#{column}"],
    ["$TABLE", "$COLUMN"],
    [':"table"', ':"column"'],
    [":table", ":column"],
  ] as const) {
    const [finding, ...others] = await find(`SELECT 1;\nALTER TABLE ${table} DROP COLUMN ${column};`);
    assert.deepEqual([finding?.rule, finding?.at.line, others], ["drop-column", 2, []], table);
  }
});

test("shows placeholders in messages as they are written", async () => {
  const [finding] = await find("ALTER TABLE ${table} DROP COLUMN phone;");
  assert.match(finding?.what ?? "", /\$\{table\}/);
  assert.equal(finding?.at.text, "ALTER TABLE ${table} DROP COLUMN phone;");
});

test("reads values in the place of placeholders", async () => {
  for (const value of ["${n}", "{{ n }}", ":n", ":'n'", "%(n)s", "?", "$N"]) {
    const text = `INSERT INTO notes (a, b) VALUES (${value}, ${value});\nUPDATE notes SET a = ${value} WHERE b IN (${value});\nALTER TABLE orders DROP COLUMN id;`;
    assert.deepEqual(
      (await placed(text)).filter((each) => !each.endsWith("backfill-with-ddl")),
      ["3:32 drop-column"],
      value,
    );
  }
});

test("counts a schema's placeholder as the application's own schema", async () => {
  assert.deepEqual(await placed("SELECT total FROM ${schema}.orders;"), ["1:29 query-without-tenant"]);
  assert.deepEqual(
    await placed("CREATE TABLE :schema.notes (id bigint);\nCREATE INDEX notes_id ON :schema.notes (id);"),
    [],
  );
});

test("reads a clause that a placeholder stands for as if it were empty", async () => {
  assert.deepEqual(await placed("CREATE TABLE notes (id bigint) ${options};\nALTER TABLE orders DROP COLUMN id;"), [
    "2:32 drop-column",
  ]);
});

test("reports once that statements can't be read without their placeholders, and judges the rest", async () => {
  const text = "${grant} SELECT ON;\nALTER TABLE orders DROP COLUMN id;\n${grant} INSERT ON;\nSELEC 1;";
  const found = await find(text);
  assert.deepEqual(
    found.map(({ at, rule }) => `${at.line} ${rule}`),
    ["1 syntax", "2 drop-column", "4 syntax"],
  );
  assert.match(found[0]?.what ?? "", /without the value of `\$\{grant\}`, and 1 more statements without theirs/);
});

test("leaves what PostgreSQL can read as it is written", async () => {
  const text = "SELECT a ? 'b', '${x}' AS y, arr[1:2] FROM notes;\nALTER TABLE ${t} DROP COLUMN \"${c}\";";
  const found = await find(text);
  assert.deepEqual(
    found.map(({ at, rule }) => `${at.line} ${rule}`),
    ["2 drop-column"],
  );
});

test("understands goose with ENVSUB, dbmate and Flyway with their markers", async () => {
  const goose = "-- +goose Up\n-- +goose ENVSUB ON\nALTER TABLE ${T} DROP COLUMN id;\n-- +goose Down\nDROP TABLE ${T};";
  assert.deepEqual(
    (await find(goose, "db/1_a.sql")).map(({ rule }) => rule),
    ["drop-column"],
  );
  const dbmate =
    "-- migrate:up\nCREATE SCHEMA :name;\nCREATE TABLE :name.notes (id bigint);\n-- migrate:down\nDROP TABLE :name.notes;";
  assert.deepEqual(await find(dbmate, "db/1_a.sql"), []);
  assert.deepEqual(await find("CREATE TABLE notes_${flyway:user} (id bigint);"), []);
});

test("takes placeholders in an application's own files as syntax errors, because nothing fills them in", async () => {
  await loadSqlParser();
  const yaml = { path: "sql/shop/architecture.yaml", text: "tenant: { table: tenants }\ntables: {}\n" };
  const found = lint({
    name: "shop",
    yaml,
    sql: [{ path: "sql/shop/010.sql", text: "ALTER TABLE ${t} DROP COLUMN id;" }],
  });
  assert.ok(found.some(({ rule, what }) => rule === "syntax" && what.startsWith("PostgreSQL cannot read this SQL")));
});

test("reads many placeholders in linear time", async () => {
  const started = performance.now();
  await find(`SELEC 1;\n${"SELECT :a, ${b}, ?;\n".repeat(5_000)}`);
  await find(`SELECT ${Array.from({ length: 20_000 }, () => ":a").join(", ")};`);
  await find("${/*".repeat(50_000));
  assert.ok(performance.now() - started < 60_000);
});
