import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { loadSqlParser } from "../../../architecture/sql/sql-parser";
import { lint } from "../../../lint/lint";
import { readTargets } from "../../../lint/lint-paths";
import { loadTypeScript } from "../../../lint/typescript/typescript";

/** What lint finds in a folder of these files, as `PATH RULE`, and the databases that its note names. */
async function judge(files: Readonly<Record<string, string>>) {
  await Promise.all([loadSqlParser(), loadTypeScript()]);
  const folder = mkdtempSync(join(tmpdir(), "lint-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const { inputs, notes, configuration } = readTargets(["."], folder);
    const found = inputs.flatMap((input) => lint(input, configuration.rules));
    const [note, ...others] = notes.filter(({ what }) => what.startsWith("These files are for another database"));
    assert.deepEqual(others, []);
    return { found: found.map(({ at, rule }) => `${at.file} ${rule}`), note: note?.got };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const drop = "ALTER TABLE orders DROP COLUMN total;";

test("recognises another database by a folder or a file's name", async () => {
  for (const path of [
    "db/mysql/1.sql",
    "sqlite/1.sql",
    "x/schema.mysql.sql",
    "schema-mysql.sql",
    "clickhouse-init.sql",
  ]) {
    const { found, note } = await judge({ [path]: drop });
    assert.deepEqual(found, [], path);
    assert.ok(note?.endsWith(`: ${path}`), note);
  }
  for (const path of ["db/mysql/postgres/1.sql", "mysql_to_postgres.sql", "020_import_from_mysql.sql", "d1/1.sql"]) {
    assert.deepEqual(await judge({ [path]: drop }), { found: [`${path} drop-column`], note: undefined }, path);
  }
});

const settings: Readonly<Record<string, string>> = {
  "prisma/schema.prisma": 'generator c { provider = "prisma-client-js" }\ndatasource db {\n  provider = "DB"\n}',
  "prisma/migrations/migration_lock.toml": 'provider = "DB"',
  "prisma/migrations/meta/_journal.json": '{ "version": "7", "dialect": "DB" }',
  "drizzle.config.ts": 'export default defineConfig({ dialect: "DB", out: "./prisma" });',
  "knexfile.js": 'module.exports = { development: { client: "DB" } };',
  "data-source.ts": 'export default new DataSource({ type: "DB" });',
  "sqlc.yaml": "version: 2\nsql:\n  - engine: DB\n",
  "flyway.conf": "flyway.url=jdbc:DB://localhost/shop",
  "dbconfig.yml": "development:\n  dialect: DB\n",
};

test("recognises another database by the settings of a tool", async () => {
  for (const [path, text] of Object.entries(settings)) {
    const sql = "prisma/migrations/1/migration.sql";
    const withDatabase = (name: string) => judge({ [path]: text.replace("DB", name), [sql]: drop });
    assert.deepEqual(await withDatabase("mysql"), { found: [], note: `MySQL: ${sql}` }, path);
    assert.deepEqual(await withDatabase("postgresql"), { found: [`${sql} drop-column`], note: undefined }, path);
  }
});

test("counts settings that name PostgreSQL too as PostgreSQL's, and ends at the project's own folder", async () => {
  const both = 'module.exports = { development: { client: "sqlite3" }, production: { client: "pg" } };';
  assert.deepEqual((await judge({ "knexfile.js": both, "m/1.sql": drop })).found, ["m/1.sql drop-column"]);
  const other = {
    "knexfile.js": 'module.exports = { client: "sqlite3" };',
    "app/package.json": "{}",
    "app/1.sql": drop,
  };
  assert.deepEqual((await judge(other)).found, ["app/1.sql drop-column"]);
});

test("recognises another database by its syntax, and with it the rest of the folder", async () => {
  const syntaxes = {
    MySQL: ["SELECT `id` FROM t;", "CREATE TABLE t (id int AUTO_INCREMENT);", "CREATE TABLE t (id int) ENGINE=InnoDB;"],
    SQLite: ["CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT);", "PRAGMA foreign_keys = ON;"],
    ClickHouse: ["CREATE TABLE t (a LowCardinality(String)) ENGINE = MergeTree ORDER BY a;"],
    "SQL Server": ["CREATE TABLE [dbo].[t] (id int IDENTITY(1,1));\nGO\n"],
  };
  for (const [name, texts] of Object.entries(syntaxes)) {
    for (const text of texts) {
      const { found, note } = await judge({ "1.sql": text, "2.sql": drop });
      assert.deepEqual({ found, note }, { found: [], note: `${name}: 1.sql and 1 other` }, text);
    }
  }
  const mixed = await judge({ "1.sql": "SELECT `id` FROM t;", "2.sql": `${drop} SELECT $1::int;` });
  assert.deepEqual(mixed, { found: ["2.sql drop-column"], note: "MySQL: 1.sql" });
});

test("ignores another database's syntax in comments, texts and names", async () => {
  const text = "-- `id` AUTO_INCREMENT\nSELECT '`x`', \"`y`\", engine = 'InnoDB' FROM t;\n";
  assert.deepEqual((await judge({ "1.sql": text + drop })).found, ["1.sql drop-column"]);
});

test("leaves the SQL of code for another database unjudged, by its imports, its client and its settings", async () => {
  const query = 'await db.query("ALTER TABLE orders DROP COLUMN total");';
  const client = { "db.ts": 'import mysql from "mysql2/promise";\nexport const db = mysql.createPool({});' };
  assert.deepEqual(await judge({ "a.ts": `import db from "better-sqlite3";\n${query}` }), {
    found: [],
    note: "SQLite: a.ts",
  });
  assert.deepEqual((await judge({ ...client, "a.ts": `import { db } from "./db";\n${query}` })).found, []);
  assert.deepEqual((await judge({ "a.ts": `import { db } from "@/lib/mysql";\n${query}` })).found, [
    "a.ts drop-column",
  ]);
  assert.deepEqual((await judge({ "a.ts": `import "mysql2"; import "pg";\n${query}` })).found, ["a.ts drop-column"]);
  const knex = { "knexfile.ts": 'export default { client: "mysql2" };', "migrations/1.ts": query };
  assert.deepEqual((await judge(knex)).found, []);
});

test("follows the configuration before anything else", async () => {
  const configuration = (name: string) => ({ "tenantry-lint.yaml": `databases: { ${name}: [db/**] }` });
  assert.deepEqual((await judge({ ...configuration("mysql"), "db/1.sql": drop })).note, "MySQL: db/1.sql");
  const kept = await judge({ ...configuration("postgresql"), "db/mysql/1.sql": drop });
  assert.deepEqual(kept, { found: ["db/mysql/1.sql drop-column"], note: undefined });
  await assert.rejects(judge({ ...configuration("nosql"), "db/1.sql": drop }), /Lint knows no database `nosql`/);
});

test("judges an application's own files in any folder", async () => {
  const yaml = "tenant: { table: tenants }\ntables:\n  orders: { tenant: true }\n";
  const { found } = await judge({ "sql/mysql/architecture.yaml": yaml, "sql/mysql/010.sql": drop });
  assert.ok(found.includes("sql/mysql/010.sql drop-column"), found.join());
});
