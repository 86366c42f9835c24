import assert from "node:assert/strict";
import test from "node:test";
import { loadSqlParser } from "../../../architecture/sql/sql-parser";
import { lint } from "../../../lint/lint";
import { loadTypeScript } from "../../../lint/typescript/typescript";

const sql = [{ path: "sql/shop/010.sql", text: "CREATE TABLE orders (tenant_id uuid, id uuid, total numeric);" }];

/** The findings in code, as `FILE:LINE:COLUMN RULE`; FILE is left out for `app.ts`. */
async function find(files: string | Readonly<Record<string, string>>): Promise<string[]> {
  await Promise.all([loadSqlParser(), loadTypeScript()]);
  const code = Object.entries(typeof files === "string" ? { "app.ts": files } : files).map(([path, text]) => ({
    path,
    text,
  }));
  return lint({ name: "shop", sql, code, wanted: new Set(code.map(({ path }) => path)) }).map(
    ({ at: { file, line, column }, rule }) => `${file === "app.ts" ? "" : `${file}:`}${line}:${column} ${rule}`,
  );
}

test("applies the rules on SQL to queries in code, with the line and column of the table", async () => {
  assert.deepEqual(await find('client.query("SELECT total FROM orders WHERE id = $1", [id]);'), [
    "1:33 query-without-tenant",
  ]);
  assert.deepEqual(await find("client.query(\n  `SELECT total\n   FROM orders\n   WHERE id = $1`, [id]);"), [
    "3:9 query-without-tenant",
  ]);
  assert.deepEqual(await find('client.query("SELECT total FROM orders WHERE tenant_id = $1", [tenant]);'), []);
});

test("follows a query through constants, sums, escapes, objects and other files", async () => {
  const found = ["2:14 query-without-tenant"];
  assert.deepEqual(await find('const sql =\n"SELECT FROM "+"orders o";\nclient.query(sql);'), [
    "2:17 query-without-tenant",
  ]);
  assert.deepEqual(await find('client.query({ text:\n"SELECT FROM orders" });'), found);
  assert.deepEqual(await find('client.query(\n"SELECT\\t\\u{46}ROM orders" );'), ["2:20 query-without-tenant"]);
  const files = {
    "app.ts": 'import { all } from "./queries";\nclient.query(all);',
    "queries.ts": 'export const all = "SELECT FROM orders";',
  };
  assert.deepEqual(await find(files), found);
});

test("survives an escape beyond Unicode, which a tagged template may hold", async () => {
  assert.deepEqual(await find("sql`SELECT '\\u{fffffff}' AS x FROM orders`;"), ["1:36 query-without-tenant"]);
});

test("reads a filled-in part as a value, or as a name if only a name can stand there", async () => {
  assert.deepEqual(await find("client.query(`SELECT total FROM orders WHERE id = ${id} LIMIT ${n}`);"), [
    "1:33 query-without-tenant",
  ]);
  assert.deepEqual(await find("sql`SELECT ${column} FROM ${schema}.orders AS o WHERE id = ${id}`;"), [
    "1:37 query-without-tenant",
  ]);
  assert.deepEqual(await find("client.query(`SELECT total FROM ${table} WHERE ${condition}`);"), []);
});

test("reads only texts that a database client receives as SQL", async () => {
  assert.deepEqual(await find('console.log("SELECT FROM orders"); client.query("select a plan"); query("hello");'), []);
});

test("applies rules on locks to a query, but not rules on files", async () => {
  assert.deepEqual(await find('client.query("BEGIN"); client.query("ALTER TABLE orders DROP COLUMN total");'), [
    "1:69 drop-column",
  ]);
});

test("reports code that cannot be read, with its place", async () => {
  assert.deepEqual(await find("const a = 1;\nconst = 2;"), ["2:7 syntax"]);
});

const query = 'client.query("SELECT FROM orders");';

test("applies an allow comment to the next statement, or to its own line", async () => {
  const allow = "// tenantry:allow query-without-tenant All tenants are counted";
  assert.deepEqual(await find(`${allow}\n${query}\n${query}`), ["3:27 query-without-tenant"]);
  assert.deepEqual(await find(`${query} ${allow}\n${query}`), ["2:27 query-without-tenant"]);
  assert.deepEqual(await find(`run([\n  ${allow}\n  client.query(\n    "SELECT FROM orders"),\n  2\n]);`), []);
  assert.deepEqual(await find(`client.query(\`-- ${allow.slice(3)}\nSELECT\nFROM orders\`);`), []);
});

test("reports an allow comment without a reason, and one that excuses nothing", async () => {
  assert.deepEqual(await find(`// tenantry:allow query-without-tenant\n${query}`), [
    "1:1 allow-comment",
    "2:27 query-without-tenant",
  ]);
  assert.deepEqual(await find("// tenantry:allow query-without-tenant Once there was one\nrun();"), [
    "1:1 allow-comment",
  ]);
});

test("ignores texts and comments that only mention allow comments", async () => {
  assert.deepEqual(
    await find('/** Write `// tenantry:allow RULE reason`. */\nconst text = "// tenantry:allow nothing at all";'),
    [],
  );
});

test("tells filled-in names apart by their expressions", async () => {
  const insert = (first: string, second: string) =>
    `client.query(\`INSERT INTO logs (\${fields.${first}}, \${fields.${second}}) VALUES ($1, $2)\`);`;
  assert.deepEqual(await find(insert("one", "two")), []);
  assert.deepEqual(await find(insert("one", "one")), ["1:50 repeated-assignment"]);
});

test("leaves out what leads a migration back, in each form that tools have", async () => {
  const forms = [
    "export class A { async up(runner) { UP } async down(runner) { DOWN } }",
    "export default { up: async (runner) => { UP }, down: async (runner) => { DOWN } };",
    "export async function up(runner) { UP }\nexport async function down(runner) { DOWN }",
    "export const up = async (runner) => { UP };\nexport const down = async (runner) => { DOWN };",
    "exports.up = async (runner) => { UP };\nexports.down = async (runner) => { DOWN };",
  ];
  const back = 'await runner.query("DROP TABLE orders");';
  const withBoth = (form: string, up: string) => form.replace("UP", up).replace("DOWN", back);
  for (const form of forms) {
    assert.deepEqual(await find(withBoth(form, "")), [], form);
    assert.equal((await find(withBoth(form, back))).length, 1, form);
    assert.equal((await find(withBoth(form, "").replace(/\bup\b/, "other"))).length, 1, form);
  }
});
