import assert from "node:assert/strict";
import test from "node:test";
import { Client } from "pg";
import { text, withoutForeignKeys } from "../../architecture/catalog/deferred-foreign-keys";
import { loadSqlParser, parseSql } from "../../architecture/sql/sql-parser";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import { accepted, type Example, references, refused, tables, tenants } from "../unit/lint/citus/examples";
import { type DatabaseFixture, startDatabaseFixture } from "./database-fixture";
import { skip } from "./servers";

const rows = `
  INSERT INTO countries VALUES ('NO', 'Norway');
  INSERT INTO tenants SELECT ('00000000-0000-0000-0000-00000000000' || i)::uuid, 't' || i, 'NO' FROM generate_series(1, 4) i;
  INSERT INTO customers (tenant_id, email, country) SELECT tenant_id, name, 'NO' FROM tenants;
  INSERT INTO orders SELECT tenant_id, tenant_id, '2026-01-15', NULL, 1 FROM tenants;
  INSERT INTO jobs VALUES (1, 'x');`;

test.before(loadSqlParser);

/** Runs an example on distributed or plain tables. Returns undefined, or the server's error message. */
async function answer(client: Client, { makes, change, alone }: Example, place: boolean): Promise<string | undefined> {
  const begin = `BEGIN; SET LOCAL citus.multi_shard_modify_mode = 'sequential'; SET LOCAL search_path = shop`;
  try {
    if (!alone) await client.query(begin);
    if (makes) await make(client, makes, place);
    if (change) await runEach(client, change);
    if (!alone) await client.query("SET CONSTRAINTS ALL IMMEDIATE");
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    if (!alone) await client.query("ROLLBACK");
  }
}

/** Runs the statements one at a time, because Citus takes several in one message for a prepared statement. */
async function runEach(client: Client, sql: string): Promise<void> {
  for (const statement of parseSql({ path: "example.sql", text: sql }).statements) await client.query(text(statement));
}

/** Creates a table as tenantry does: without its foreign key, then distributed, then with the key. */
async function make(client: Client, { sql, kind, key }: NonNullable<Example["makes"]>, place: boolean): Promise<void> {
  for (const statement of parseSql({ path: "example.sql", text: sql }).statements) {
    const kept = place ? withoutForeignKeys(statement) : text(statement);
    if (kept !== undefined) await client.query(kept);
  }
  if (!place) return;
  await client.query(placing("t", kind));
  if (key !== undefined) await client.query(`ALTER TABLE t ADD CONSTRAINT k ${key}`);
}

function placing(table: string, kind: "tenant" | "reference", root = "shop.tenants"): string {
  if (kind === "reference") return `SELECT create_reference_table('shop.${table}')`;
  const beside = table === "tenants" ? "shard_count => 4, colocate_with => 'none'" : `colocate_with => '${root}'`;
  return `SELECT create_distributed_table('shop.${table}', 'tenant_id', ${beside})`;
}

/** Runs `work` in a session that has the application's tables. */
async function inShop(fixture: DatabaseFixture, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client(clientConfig(fixture.endpoint));
  await client.connect();
  try {
    await client.query("CREATE SCHEMA shop; SET search_path = shop");
    await client.query(tables);
    await work(client);
  } finally {
    await client.end();
  }
}

test("PostgreSQL accepts every change that the list says only Citus refuses", { skip }, async (t) => {
  const fixture = await startDatabaseFixture(t);
  await inShop(fixture, async (client) => {
    await client.query(rows);
    const isOld = (await version(client)) < 17;
    const examples = [...accepted, ...Object.values(refused).flat()].filter(
      (each) => !(isOld && isOfLaterPostgres(each)),
    );
    // Examples outside a transaction come last, because their changes stay.
    for (const example of examples.toSorted((a, b) => Number(a.alone ?? false) - Number(b.alone ?? false))) {
      assert.equal(await answer(client, example, false), undefined, JSON.stringify(example));
    }
  });
});

test("Citus refuses each entry of the list, and accepts the similar changes beside it", { skip }, async (t) => {
  const fixture = await startDatabaseFixture(t);
  if ((await fixture.database.facts).citus === undefined) return t.skip("this server has no Citus");
  await inShop(fixture, async (client) => {
    for (const table of references) await client.query(placing(table, "reference"));
    for (const table of tenants) await client.query(placing(table, "tenant"));
    await client.query(rows);
    const wrong: string[] = [];
    for (const [name, examples] of Object.entries(refused)) {
      for (const example of examples) {
        const said = await answer(client, example, true);
        if (said === undefined || isMistake(said)) wrong.push(`${name}: ${said}: ${JSON.stringify(example)}`);
      }
    }
    for (const example of accepted) {
      const said = await answer(client, example, true);
      if (said !== undefined) wrong.push(`refused: ${said}: ${JSON.stringify(example)}`);
    }
    assert.deepEqual(wrong, []);
  });
});

/** True for wrong syntax and for names that don't exist: these are mistakes in the example, not refusals. */
function isMistake(message: string): boolean {
  return /syntax error|does not exist|multiple commands/.test(message);
}

/** PostgreSQL 16 added statistics without a name; 17 added MERGE … RETURNING and SET ACCESS METHOD DEFAULT. */
function isOfLaterPostgres({ change = "" }: Example): boolean {
  return /MERGE[^;]*RETURNING|SET ACCESS METHOD DEFAULT|CREATE STATISTICS ON/.test(change);
}

async function version(client: Client): Promise<number> {
  const { rows: found } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS version",
  );
  return found[0]?.version ?? 0;
}
