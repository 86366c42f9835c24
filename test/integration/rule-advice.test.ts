import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { MigrationInputs } from "../../architecture/data-plane/declaration";
import { withoutTransaction } from "../../architecture/sql/sql-file";
import { loadSqlParser, parseSql } from "../../architecture/sql/sql-parser";
import { hashOf } from "../../common/source";
import { root } from "../../common/system/checkout";
import { distributedTable } from "../../provider/resources/distributed-table";
import { migration } from "../../provider/resources/migration";
import { referenceTable } from "../../provider/resources/reference-table";
import { type DatabaseFixture, startDatabaseFixture } from "./database-fixture";
import { skip } from "./servers";

let number = 0;
function file(text: string): MigrationInputs {
  const path = `sql/shop/${++number}_advice.sql`;
  return {
    ...{ path, hash: hashOf(path), schema: "shop", apply: "once", transaction: !withoutTransaction(text) },
    statements: parseSql({ path, text }).statements.map(({ start, end }, index) => ({
      sql: text.slice(start, end),
      line: index + 1,
    })),
  };
}

/** The SQL blocks that a rule's page advises, each divided into the files that it names. */
function advice(rule: string): readonly (readonly string[])[] {
  const page = readFileSync(join(root, "docs", "rules", `${rule}.md`), "utf8");
  const advised = page.slice(page.indexOf("\n## Good"));
  return [...advised.matchAll(/^```sql\n(.*?)^```/gms)].map(([, text = ""]) => text.split("-- in the next file\n"));
}

/** A plain and a partitioned tenant table with rows, and the other objects of the pages' examples. */
async function startShop(t: test.TestContext): Promise<DatabaseFixture> {
  await loadSqlParser();
  const fixture = await startDatabaseFixture(t);
  const columns = "tenant_id uuid, country text NOT NULL";
  await migration.create(
    fixture,
    file(`CREATE TABLE tenants (tenant_id uuid PRIMARY KEY);
      CREATE TABLE countries (code text PRIMARY KEY);
      CREATE TABLE customers (${columns}, id int, name text, email text, visits int, PRIMARY KEY (tenant_id, id));
      CREATE TABLE orders (${columns}, placed_at timestamptz, number int, status text, PRIMARY KEY (tenant_id, placed_at, number)) PARTITION BY RANGE (placed_at);
      CREATE TABLE orders_2024_01 PARTITION OF orders FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
      CREATE TABLE "orders of the year 2026, with a name as long as names can be" PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
      INSERT INTO countries VALUES ('NO');
      INSERT INTO tenants SELECT gen_random_uuid() FROM generate_series(1, 20);
      INSERT INTO customers SELECT tenant_id, 'NO', 1, 'x', tenant_id::text FROM tenants;
      INSERT INTO orders SELECT tenant_id, 'NO', at::date, 1, 'placed' FROM tenants, unnest(ARRAY['2024-01-05', '2026-05-05']) AS at`),
  );
  await referenceTable.create(fixture, { schema: "shop", table: "countries", foreignKeys: [], grants: {} });
  for (const table of ["tenants", "customers", "orders"]) {
    const placement = table === "tenants" ? { shardCount: 4 } : { colocateWith: "shop.tenants" };
    await distributedTable.create(fixture, { schema: "shop", table, column: "tenant_id", placement, foreignKeys: [] });
  }
  return fixture;
}

async function follow(fixture: DatabaseFixture, block: readonly string[] | undefined): Promise<void> {
  assert.ok(block, "the page has such a block");
  for (const text of block) await migration.create(fixture, file(text));
}

const indexes = (fixture: DatabaseFixture, name: string) =>
  fixture.run(
    `SELECT indrelid::regclass::text AS table, indisvalid AS valid, indisunique AS unique FROM pg_index
     WHERE indexrelid IN (SELECT relid FROM pg_partition_tree('shop.${name}') UNION SELECT 'shop.${name}'::regclass) ORDER BY 1`,
  );
/** The number of these indexes on every node, including those of partitions and shards. */
async function indexesByStatus(fixture: DatabaseFixture): Promise<readonly string[]> {
  const sql = "SELECT count(*) FROM pg_index WHERE pg_get_indexdef(indexrelid) LIKE '%(tenant_id, status)%'";
  const citus = (await fixture.database.facts).citus !== undefined;
  const found = await fixture.run(
    citus
      ? `SELECT result AS count FROM run_command_on_all_nodes($$${sql}$$)`
      : sql.replace("count(*)", "count(*)::text"),
  );
  return found.map(({ count }) => String(count)).filter((count) => count !== "0");
}
const onAll = (unique: boolean) =>
  ['shop."orders of the year 2026, with a name as long as names can be"', "shop.orders", "shop.orders_2024_01"].map(
    (table) => ({ table, valid: true, unique }),
  );

test("creates an index on a plain and a partitioned table as the rule's page advises", { skip }, async (t) => {
  const fixture = await startShop(t);
  const [plain, partitioned] = advice("create-index-concurrently");
  await follow(fixture, plain);
  assert.deepEqual(await indexes(fixture, "customers_by_name"), [
    { table: "shop.customers", valid: true, unique: false },
  ]);
  await follow(fixture, partitioned);
  assert.deepEqual(await indexes(fixture, "orders_by_status"), onAll(false));
});

test("drops an index of a plain and a partitioned table as the rule's page advises", { skip }, async (t) => {
  const fixture = await startShop(t);
  for (const block of advice("create-index-concurrently")) await follow(fixture, block);
  assert.notDeepEqual(await indexesByStatus(fixture), []);
  const [plain, partitioned] = advice("drop-index-concurrently");
  await follow(fixture, plain);
  assert.deepEqual(await fixture.run("SELECT to_regclass('shop.customers_by_name') AS index"), [{ index: null }]);
  await assert.rejects(
    migration.create(fixture, file("-- tenantry: no transaction\nDROP INDEX CONCURRENTLY orders_by_status")),
    /cannot drop partitioned index "orders_by_status" concurrently/,
  );
  await follow(fixture, partitioned);
  assert.deepEqual(await indexesByStatus(fixture), []);
});

test("continues an interrupted index of a partitioned table, and includes partitions created meanwhile", {
  skip,
}, async (t) => {
  const fixture = await startShop(t);
  const unique = "CREATE UNIQUE INDEX CONCURRENTLY one_status ON orders (tenant_id, placed_at, status)";
  await fixture.run(
    "INSERT INTO shop.orders SELECT tenant_id, 'NO', placed_at, 2, status FROM shop.orders WHERE placed_at > '2025-01-01' LIMIT 1",
  );
  const interrupted = file(`-- tenantry: no transaction\n${unique}`);
  await assert.rejects(migration.create(fixture, interrupted), /could not create unique index/);
  await fixture.run(
    "CREATE TABLE shop.orders_2027 PARTITION OF shop.orders FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
  );
  await fixture.run("DELETE FROM shop.orders WHERE number = 2");
  await migration.create(fixture, interrupted);
  assert.deepEqual(await indexes(fixture, "one_status"), [
    ...onAll(true),
    { table: "shop.orders_2027", valid: true, unique: true },
  ]);
  assert.match(fixture.logged.join("\n"), /dropping the invalid index/);
});

test("adds a unique key to a plain and a partitioned table as the rule's page advises", { skip }, async (t) => {
  const fixture = await startShop(t);
  const [plain, partitioned] = advice("add-unique-constraint");
  await follow(fixture, plain);
  await assert.rejects(
    fixture.run("INSERT INTO shop.customers SELECT tenant_id, 'NO', 2, 'x', email FROM shop.customers"),
    /duplicate key value violates unique constraint "one_email/,
  );
  await follow(fixture, partitioned);
  assert.deepEqual(await indexes(fixture, "orders_one_number"), onAll(true));
});

test("adds a working foreign key to a plain and a partitioned table as the rule's page advises", {
  skip,
}, async (t) => {
  const fixture = await startShop(t);
  const [plain, partitioned] = advice("add-foreign-key");
  await follow(fixture, plain);
  await follow(fixture, partitioned);
  assert.deepEqual(
    await fixture.run(
      "SELECT conrelid::regclass::text AS table, convalidated AS valid FROM pg_constraint WHERE conname = 'orders_country' ORDER BY 1",
    ),
    onAll(false).map(({ table, valid }) => ({ table, valid })),
  );
  await assert.rejects(
    fixture.run("INSERT INTO shop.orders SELECT tenant_id, 'SE', '2026-07-07', 1, 'placed' FROM shop.tenants"),
    /violates foreign key constraint/,
  );
});

test("detaches a partition as the rule's page advises, on Citus without CONCURRENTLY", { skip }, async (t) => {
  const fixture = await startShop(t);
  const [concurrently, plain] = advice("detach-partition");
  const citus = (await fixture.database.facts).citus !== undefined;
  if (citus) await assert.rejects(follow(fixture, concurrently), /CONCURRENTLY/);
  else await follow(fixture, concurrently);
  const partitions = "SELECT count(*)::int AS partitions FROM pg_inherits WHERE inhparent = 'shop.orders'::regclass";
  assert.deepEqual(await fixture.run(partitions), [{ partitions: citus ? 2 : 1 }]);
  await fixture.run("ALTER TABLE shop.orders_2024_01 RENAME TO orders_gone");
  // The file also succeeds in a stack that never had the partition.
  await follow(fixture, plain);
  await fixture.run("ALTER TABLE shop.orders_gone RENAME TO orders_2024_01");
  if (citus) await follow(fixture, plain);
  assert.deepEqual(await fixture.run(partitions), [{ partitions: 1 }]);
  assert.deepEqual(await fixture.run("SELECT count(*)::int AS rows FROM shop.orders_2024_01"), [{ rows: 20 }]);
});

test("runs the SQL that the pages of the other rules advise, without changes", { skip }, async (t) => {
  const fixture = await startShop(t);
  for (const rule of [
    "set-not-null",
    "add-check-constraint",
    "add-column-volatile-default",
    "add-required-column",
    "concurrently-in-transaction",
    "rewriting-command",
    "change-column-type",
    "rename-column",
  ]) {
    await t.test(rule, async () => {
      for (const block of advice(rule).slice(0, rule === "set-not-null" ? undefined : 1)) {
        // The page shows the example twice: alone, and with the statements after it.
        await fixture.run("ALTER TABLE shop.customers DROP CONSTRAINT IF EXISTS name_is_there");
        await follow(fixture, block);
      }
    });
  }
});
