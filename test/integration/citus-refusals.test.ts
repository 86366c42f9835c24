import assert from "node:assert/strict";
import test from "node:test";
import { Client } from "pg";
import { type RefusalName, refusals } from "../../architecture/citus/refusals";
import { text, withoutForeignKeys } from "../../architecture/held-back";
import { loadSqlParser, parseSql } from "../../architecture/sql-parser";
import { clientConfig } from "../../provider/postgres-connection";
import { accepted, type Example, references, refused, tables, tenants } from "../unit/architecture/citus/examples";
import { type Acting, startActing } from "./acting";
import { skip } from "./servers";

const rows = `
  INSERT INTO countries VALUES ('NO', 'Norway');
  INSERT INTO tenants SELECT ('00000000-0000-0000-0000-00000000000' || i)::uuid, 't' || i, 'NO' FROM generate_series(1, 4) i;
  INSERT INTO customers (tenant_id, email, country) SELECT tenant_id, name, 'NO' FROM tenants;
  INSERT INTO orders SELECT tenant_id, tenant_id, '2026-01-15', NULL, 1 FROM tenants;
  INSERT INTO jobs VALUES (1, 'x');`;

test.before(loadSqlParser);

/** The answer of a server whose tables are placed, or plain ones, to an example: undefined, or why it refuses. */
async function answer(client: Client, { makes, then, alone }: Example, place: boolean): Promise<string | undefined> {
  const begin = `BEGIN; SET LOCAL citus.multi_shard_modify_mode = 'sequential'; SET LOCAL search_path = shop`;
  try {
    if (!alone) await client.query(begin);
    if (makes) await make(client, makes, place);
    if (then) await runEach(client, then);
    if (!alone) await client.query("SET CONSTRAINTS ALL IMMEDIATE");
    return undefined;
  } catch (error) {
    const { message, code = "" } = error as Error & { readonly code?: string };
    return mistakes.has(code) ? undefined : message;
  } finally {
    if (!alone) await client.query("ROLLBACK");
  }
}

/** What is no refusal: wrong syntax, and names that are not there. */
const mistakes: ReadonlySet<string> = new Set(["42601", "42703", "42704", "42P01"]);

/** One at a time, as Citus takes several at once for a prepared statement. */
async function runEach(client: Client, sql: string): Promise<void> {
  for (const statement of parseSql({ path: "example.sql", text: sql }).statements) await client.query(text(statement));
}

/** As tenantry does it: the table without its foreign key, placed, and then the key. */
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

async function connected(t: test.TestContext, acting: Acting): Promise<Client> {
  const client = new Client(clientConfig(acting.endpoint));
  await client.connect();
  t.after(() => client.end());
  await client.query("CREATE SCHEMA shop; SET search_path = shop");
  await client.query(tables);
  return client;
}

test("PostgreSQL accepts everything of the list of what only Citus refuses", { skip }, async (t) => {
  const acting = await startActing(t);
  const client = await connected(t, acting);
  await client.query(rows);
  for (const example of [...accepted, ...Object.values(refused).flat()]) {
    if (isOfCitus17(example) && (await version(client)) < 17) continue;
    if (example.alone) continue;
    assert.equal(await answer(client, example, false), undefined, JSON.stringify(example));
  }
  for (const example of Object.values(refused)
    .flat()
    .filter(({ alone }) => alone)) {
    assert.equal(await answer(client, example, false), undefined, JSON.stringify(example));
  }
});

test("Citus refuses each entry of the list, and accepts its neighbours", { skip }, async (t) => {
  const acting = await startActing(t);
  if ((await acting.database.facts).citus === undefined) return t.skip("this server has no Citus");
  const client = await connected(t, acting);
  for (const table of references) await client.query(placing(table, "reference"));
  for (const table of tenants) await client.query(placing(table, "tenant"));
  await client.query(rows);
  const wrong: string[] = [];
  for (const name of Object.keys(refused) as RefusalName[]) {
    for (const example of refused[name]) {
      const said = await answer(client, example, true);
      if (said === undefined) wrong.push(`${name} is accepted (${refusals[name].source}): ${JSON.stringify(example)}`);
      // The servers' words, for who wants to know: TENANTRY_SHOW=1.
      else if (process.env["TENANTRY_SHOW"]) t.diagnostic(`${name}: ${said}`);
    }
  }
  for (const example of accepted) {
    const said = await answer(client, example, true);
    if (said !== undefined) wrong.push(`refused: ${said}: ${JSON.stringify(example)}`);
  }
  assert.deepEqual(wrong, []);
});

/** MERGE … RETURNING and SET ACCESS METHOD DEFAULT came with PostgreSQL 17. */
function isOfCitus17({ then = "" }: Example): boolean {
  return /MERGE[^;]*RETURNING|SET ACCESS METHOD DEFAULT/.test(then);
}

async function version(client: Client): Promise<number> {
  const { rows: found } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS version",
  );
  return found[0]?.version ?? 0;
}
