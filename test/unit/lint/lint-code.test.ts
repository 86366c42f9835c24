import assert from "node:assert/strict";
import test from "node:test";
import { loadSqlParser } from "../../../architecture/sql/sql-parser";
import { lint } from "../../../lint/lint";
import { loadTypeScript } from "../../../lint/typescript/typescript";

const sql = [{ path: "sql/shop/010.sql", text: "CREATE TABLE orders (tenant_id uuid, id uuid, total numeric);" }];

/** What is found in code, as `FILE:LINE:COLUMN RULE`; FILE is left out for `app.ts`. */
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

test("a query in code is read by the rules on SQL, with the line and the column of the table", async () => {
  assert.deepEqual(await find('client.query("SELECT total FROM orders WHERE id = $1", [id]);'), [
    "1:33 query-without-tenant",
  ]);
  assert.deepEqual(await find("client.query(\n  `SELECT total\n   FROM orders\n   WHERE id = $1`, [id]);"), [
    "3:9 query-without-tenant",
  ]);
  assert.deepEqual(await find('client.query("SELECT total FROM orders WHERE tenant_id = $1", [tenant]);'), []);
});

test("a query is followed through constants, sums, escapes, objects and other files", async () => {
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

test("an escape beyond Unicode, which a tagged template may hold, does not end the run", async () => {
  assert.deepEqual(await find("sql`SELECT '\\u{fffffff}' AS x FROM orders`;"), ["1:36 query-without-tenant"]);
});

test("what is filled in stands for a value, or for a name where only that can be", async () => {
  assert.deepEqual(await find("client.query(`SELECT total FROM orders WHERE id = ${id} LIMIT ${n}`);"), [
    "1:33 query-without-tenant",
  ]);
  assert.deepEqual(await find("sql`SELECT ${column} FROM ${schema}.orders AS o WHERE id = ${id}`;"), [
    "1:37 query-without-tenant",
  ]);
  assert.deepEqual(await find("client.query(`SELECT total FROM ${table} WHERE ${condition}`);"), []);
});

test("SQL is what a database client is given; other texts are not read", async () => {
  assert.deepEqual(await find('console.log("SELECT FROM orders"); client.query("select a plan"); query("hello");'), []);
});

test("rules on files say nothing of a query; rules on locks do", async () => {
  assert.deepEqual(await find('client.query("BEGIN"); client.query("ALTER TABLE orders DROP COLUMN total");'), [
    "1:69 drop-column",
  ]);
});

test("code that cannot be read is a finding with its place", async () => {
  assert.deepEqual(await find("const a = 1;\nconst = 2;"), ["2:7 syntax"]);
});

const query = 'client.query("SELECT FROM orders");';

test("an allow comment speaks for the statement behind it, or for its own line", async () => {
  const allow = "// tenantry:allow query-without-tenant All tenants are counted";
  assert.deepEqual(await find(`${allow}\n${query}\n${query}`), ["3:27 query-without-tenant"]);
  assert.deepEqual(await find(`${query} ${allow}\n${query}`), ["2:27 query-without-tenant"]);
  assert.deepEqual(await find(`run([\n  ${allow}\n  client.query(\n    "SELECT FROM orders"),\n  2\n]);`), []);
  assert.deepEqual(await find(`client.query(\`-- ${allow.slice(3)}\nSELECT\nFROM orders\`);`), []);
});

test("an allow comment without a reason, or that allows nothing, is found", async () => {
  assert.deepEqual(await find(`// tenantry:allow query-without-tenant\n${query}`), [
    "1:1 allow-comment",
    "2:27 query-without-tenant",
  ]);
  assert.deepEqual(await find("// tenantry:allow query-without-tenant Once there was one\nrun();"), [
    "1:1 allow-comment",
  ]);
});

test("texts and comments that speak of allow comments are none", async () => {
  assert.deepEqual(
    await find('/** Write `// tenantry:allow RULE reason`. */\nconst text = "// tenantry:allow nothing at all";'),
    [],
  );
});
