import assert from "node:assert/strict";
import test from "node:test";
import { loadSqlParser } from "../../../architecture/sql/sql-parser";
import { lint } from "../../../lint/lint";
import { loadTypeScript } from "../../../lint/typescript/typescript";

/** The findings of code without an application, as `LINE RULE`, with the file in front if there are several. */
async function find(files: string | Readonly<Record<string, string>>): Promise<string[]> {
  await Promise.all([loadSqlParser(), loadTypeScript()]);
  const code = Object.entries(typeof files === "string" ? { "app.ts": files } : files).map(([path, text]) => ({
    path,
    text,
  }));
  const sql = [{ path: "db/010.sql", text: "CREATE TABLE orders (tenant_id uuid, id uuid, total numeric);" }];
  return lint({ name: "shop", sql, code, wanted: new Set(code.map(({ path }) => path)) }).map(
    ({ at: { file, line }, rule }) => `${code.length > 1 ? `${file}:` : ""}${line} ${rule}`,
  );
}

const up = (...calls: string[]) => `export async function up(db) {\n${calls.join("\n")}\n}`;

test("judges the statements of one function in order as one file", async () => {
  assert.deepEqual(
    await find(
      up(
        'await db.query("CREATE TABLE notes (id bigint)");',
        'await db.query("CREATE INDEX notes_id ON notes (id)");',
        'await db.query("ALTER TABLE notes ADD COLUMN kind text NOT NULL");',
      ),
    ),
    [],
  );
  assert.deepEqual(
    await find(
      up(
        'await db.query("CREATE INDEX notes_id ON notes (id)");',
        'await db.query("DROP TABLE IF EXISTS notes CASCADE");',
        'await db.query("CREATE TABLE notes (id bigint)");',
      ),
    ),
    ["2 create-index-concurrently", "3 drop-table"],
  );
});

test("keeps the line and column of each statement, also in a query of several lines", async () => {
  assert.deepEqual(
    await find(
      up(
        "await db.execute(sql`CREATE TABLE notes (\n id bigint\n); -- new`);",
        "await db.execute(sql`\n  ALTER TABLE notes ADD COLUMN a int;\n  ALTER TABLE orders DROP COLUMN total\n`);",
        "await db.raw('ALTER TABLE orders DROP COLUMN id');",
      ),
    ),
    ["7 drop-column", "9 drop-column"],
  );
});

test("knows what an earlier statement of the function proves", async () => {
  const proven = [
    'await db.query("ALTER TABLE orders ADD CONSTRAINT id_given CHECK (id IS NOT NULL) NOT VALID");',
    'await db.query("ALTER TABLE orders VALIDATE CONSTRAINT id_given");',
    'await db.query("ALTER TABLE orders ALTER COLUMN id SET NOT NULL");',
  ];
  assert.deepEqual(await find(up(...proven)), []);
  assert.deepEqual(await find(up(...proven.slice(2))), ["2 set-not-null"]);
});

test("knows a table that a schema builder of the function creates", async () => {
  const index = 'await db.raw("CREATE INDEX notes_id ON notes (id)");';
  for (const create of [
    'await db.schema.createTable("notes", (t) => { t.increments(); });',
    'await runner.createTable(new Table({ name: "notes", columns: [] }), true);',
    'await queryInterface.createTable("notes", { id: { type: DataTypes.BIGINT } });',
    'await queryInterface.createTable({ tableName: "notes", schema: "shop" }, {});',
    'await db.schema.createTable("notes").addColumn("id", "bigint").execute();',
  ]) {
    assert.deepEqual(await find(up(create, index)), [], create);
    assert.deepEqual(await find(up(index, create)), ["2 create-index-concurrently"], create);
  }
});

test("keeps the statements of different functions apart, and follows callbacks that run inside one", async () => {
  const create = 'await db.query("CREATE TABLE notes (id bigint)");';
  const index = 'await db.query("CREATE INDEX notes_id ON notes (id)");';
  assert.deepEqual(await find(`async function one() {\n${create}\n}\nasync function two() {\n${index}\n}`), [
    "5 create-index-concurrently",
  ]);
  assert.deepEqual(await find(up(`await pool.transaction(async (db) => {\n${create} });\n${index}`)), []);
  assert.deepEqual(await find(`test("a", async () => {\n${create} });\ntest("b", async () => {\n${index} });`), [
    "4 create-index-concurrently",
  ]);
});

test("knows the transaction of a migration's tool, and of a callback", async () => {
  const swap = ['await db.query("DROP VIEW totals");', 'await db.query("CREATE VIEW totals AS SELECT 1 AS a");'];
  const validated = [
    'await db.query("ALTER TABLE orders ADD CONSTRAINT k CHECK (total > 0) NOT VALID");',
    'await db.query("ALTER TABLE orders VALIDATE CONSTRAINT k");',
  ];
  const knex = `import type { Knex } from "knex"; ${up(...swap)}`;
  assert.deepEqual(await find(knex), []);
  assert.deepEqual(await find(`${knex}\nexport const config = { transaction: false };`), ["2 drop-object"]);
  assert.deepEqual(await find(`import { QueryInterface } from "sequelize"; ${up(...swap)}`), ["2 drop-object"]);
  assert.deepEqual(await find(`import { MigrationInterface } from "typeorm"; ${up(...validated)}`), [
    "3 validate-with-add",
  ]);
  assert.deepEqual(await find(up("await pool.begin(async (db) => {", ...swap, "});")), []);
  assert.deepEqual(await find(up("await pool.begin(async (db) => {", ...swap.slice(0, 1), "});", ...swap.slice(1))), [
    "3 drop-object",
  ]);
});

test("judges an application's migrations in the order of their names", async () => {
  const add = up('await db.query("ALTER TABLE orders ADD CONSTRAINT given CHECK (id IS NOT NULL)");').replaceAll(
    "CHECK (id IS NOT NULL)",
    "CHECK (id IS NOT NULL) NOT VALID",
  );
  const validate = up('await db.query("ALTER TABLE orders VALIDATE CONSTRAINT given");');
  const set = up('await db.query("ALTER TABLE orders ALTER COLUMN id SET NOT NULL");');
  assert.deepEqual(await find({ "m/9-a.ts": add, "m/10-b.ts": validate, "m/11-c.ts": set }), []);
  assert.deepEqual(await find({ "m/9-a.ts": set, "m/10-b.ts": add, "m/11-c.ts": validate }), [
    "m/9-a.ts:2 set-not-null",
  ]);
});

test("judges a restrictive policy with the open one that another call of the function makes", async () => {
  const policies = [
    'await db.query("CREATE POLICY everybody ON orders USING (true) WITH CHECK (true)");',
    `await db.query("CREATE POLICY own ON orders AS RESTRICTIVE USING (tenant_id = current_setting('a')::uuid)");`,
  ];
  assert.deepEqual(await find(up(...policies)), []);
  assert.deepEqual(await find(up(...policies.slice(0, 1))), ["2 open-policy"]);
});
