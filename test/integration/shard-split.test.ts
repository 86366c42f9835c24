import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { splitShard } from "../../provider/citus/shard-split";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import { distributedTable } from "../../provider/resources/distributed-table";
import { tenantShard } from "../../provider/resources/tenant-shard";
import { type DatabaseFixture, startDatabaseFixture } from "./database-fixture";
import { skip } from "./servers";

const table = { schema: "shop", table: "tenants" } as const;

async function startShards(t: test.TestContext): Promise<DatabaseFixture | undefined> {
  const fixture = await startDatabaseFixture(t);
  if ((await fixture.database.facts).citus === undefined) {
    t.skip("this server has no Citus");
    return undefined;
  }
  await fixture.run("CREATE SCHEMA shop; CREATE TABLE shop.tenants (tenant_id text PRIMARY KEY, name text)");
  await distributedTable.create(fixture, {
    ...{ ...table, column: "tenant_id", placement: { shardCount: 2 }, foreignKeys: [] },
  });
  await fixture.run("INSERT INTO shop.tenants SELECT 'tenant ' || n, 'x' FROM generate_series(1, 2000) AS n");
  return fixture;
}

const split = (tenant: string) => `SELECT isolate_tenant_to_new_shard('shop.tenants', '${tenant}'::text, 'CASCADE')`;

async function isAlone(fixture: DatabaseFixture, tenant: string): Promise<unknown> {
  const [shard] = await fixture.run(`SELECT shardminvalue = shardmaxvalue AS alone FROM pg_dist_shard
    WHERE shardid = get_shard_id_for_distribution_column('shop.tenants', '${tenant}')`);
  return shard?.alone;
}

/** Slots, publications and subscriptions of a split on every node, and Citus' cleanup records. */
async function leftOvers(fixture: DatabaseFixture): Promise<readonly unknown[]> {
  const left = await fixture.run(`SELECT result FROM run_command_on_all_nodes($$SELECT concat_ws(' ',
    (SELECT string_agg(slot_name, ' ') FROM pg_replication_slots WHERE slot_name LIKE 'citus_shard%' AND database = current_database()),
    (SELECT string_agg(pubname, ' ') FROM pg_publication WHERE pubname LIKE 'citus_shard%'),
    (SELECT string_agg(subname, ' ') FROM pg_subscription JOIN pg_database AS d ON d.oid = subdbid WHERE datname = current_database()))$$)
    WHERE result <> '' UNION ALL SELECT object_name FROM pg_dist_cleanup WHERE policy_type <> 2`);
  return left.map(({ result }) => result);
}

/** Opens a writing transaction on the node of a tenant's shard. It stays open, so it is older than each later slot. */
async function holdTransaction(t: test.TestContext, fixture: DatabaseFixture, tenant: string): Promise<Client> {
  const [place] = await fixture.run(`SELECT nodename AS host, nodeport AS port FROM citus_shards
    WHERE shardid = get_shard_id_for_distribution_column('shop.tenants', '${tenant}')`);
  const client = new Client({
    ...clientConfig({ ...fixture.endpoint, ...(place as { host: string; port: number }) }),
    application_name: "report",
  });
  client.on("error", () => {}); // The database is dropped before the client closes.
  await client.connect();
  t.after(() => client.end());
  await client.query("BEGIN");
  await client.query("SELECT pg_current_xact_id()");
  return client;
}

test("stops a split that waits for an old transaction, names the transaction, and cleans up", {
  skip,
}, async (t) => {
  const fixture = await startShards(t);
  if (!fixture) return;
  const held = await holdTransaction(t, fixture, "one");
  const limits = { standstillMs: 3_000, attempts: 2, pollMs: 500 };
  await assert.rejects(
    splitShard(fixture, split("one"), "the shard of tenant one", limits),
    /Splitting the shard of tenant one was tried 2 times and never ended; nothing has changed[\s\S]*it stood still[\s\S]*waits for process \d+ \(report of .*, idle in transaction, in its transaction for \d+ s\)[\s\S]*end those|those transactions end/,
  );
  assert.equal(await isAlone(fixture, "one"), false);
  assert.deepEqual(await leftOvers(fixture), []);
  assert.match(
    fixture.logged.join("\n"),
    /the split was stopped: it stood still .*nothing has changed\. Tries again \(2 of 2\)/,
  );

  await t.test("completes in the same call when the transaction ends", async () => {
    setTimeout(() => void held.query("COMMIT"), 6_000);
    await splitShard(fixture, split("one"), "the shard of tenant one", { ...limits, attempts: 5 });
    assert.equal(await isAlone(fixture, "one"), true);
    assert.deepEqual(await fixture.run("SELECT count(*)::int AS rows FROM shop.tenants"), [{ rows: 2000 }]);
  });
});

test("names the prepared transaction that a split waits for", { skip }, async (t) => {
  const fixture = await startShards(t);
  if (!fixture) return;
  const held = await holdTransaction(t, fixture, "two");
  await held.query("PREPARE TRANSACTION 'somebody''s'");
  try {
    await assert.rejects(
      splitShard(fixture, split("two"), "the shard of tenant two", { standstillMs: 3_000, attempts: 1, pollMs: 500 }),
      /a prepared transaction \(somebody's\)[\s\S]*ROLLBACK PREPARED/,
    );
  } finally {
    await held.query("ROLLBACK PREPARED 'somebody''s'");
  }
  assert.deepEqual(await leftOvers(fixture), []);
});

test("stops a split that blocks writers for too long", { skip }, async (t) => {
  const fixture = await startShards(t);
  if (!fixture) return;
  // Holds a writer's lock. The split's last lock waits for it, and all writers wait for the split's lock.
  const writer = new Client(clientConfig(fixture.endpoint));
  writer.on("error", () => {});
  await writer.connect();
  t.after(() => writer.end());
  await writer.query("BEGIN");
  await writer.query(
    "SELECT lock_shard_metadata(5, ARRAY[get_shard_id_for_distribution_column('shop.tenants', 'three')])",
  );
  const limits = { holdMs: 3_000, attempts: 1, pollMs: 300 };
  await assert.rejects(
    splitShard(fixture, split("three"), "the shard of tenant three", limits),
    /held up writers for too long[\s\S]*waits for process/,
  );
  await writer.query("INSERT INTO shop.tenants VALUES ('three', 'x')");
  await writer.query("COMMIT");
  assert.deepEqual(await leftOvers(fixture), []);
});

test("isolates a tenant with `block-writes` without replication, even if transactions are open", {
  skip,
}, async (t) => {
  const fixture = await startShards(t);
  if (!fixture) return;
  await holdTransaction(t, fixture, "four");
  fixture.allow.add("block-writes four");
  const { state } = await tenantShard.create(fixture, { ...table, type: "text", tenant: "four" });
  assert.equal(state.isolated, "yes");
  assert.match(fixture.logged.join("\n"), /splits the shard of tenant four; the writers of its shards wait meanwhile/);
});

test("splits two databases of the same servers one after the other", { skip }, async (t) => {
  const first = await startShards(t);
  if (!first) return;
  const second = await startShards(t);
  if (!second) return;
  const held = await holdTransaction(t, first, "five");
  const running = splitShard(first, split("five"), "the shard of tenant five", { pollMs: 300 });
  running.catch(() => {});
  for (;;) {
    const slots = await second.run(
      "SELECT FROM run_command_on_workers($$SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'citus_shard_split%'$$) WHERE result::int > 0",
    );
    if (slots.length > 0) break;
    await sleep(100);
  }
  setTimeout(() => void held.query("COMMIT"), 3_000);
  await splitShard(second, split("five"), "the shard of tenant five");
  assert.match(second.logged.join("\n"), /another database of these servers splits a shard; waiting for its end/);
  await running;
  for (const each of [first, second]) assert.equal(await isAlone(each, "five"), true);
});
