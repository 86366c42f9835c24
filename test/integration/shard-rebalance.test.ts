import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { CitusNodeInputs } from "../../architecture/data-plane/declaration";
import type { PostgresNode } from "../../architecture/endpoints";
import { citusNode } from "../../provider/resources/citus-node";
import { distributedTable } from "../../provider/resources/distributed-table";
import { type ShardRebalanceState, shardRebalance } from "../../provider/resources/shard-rebalance";
import { type DatabaseFixture, startDatabaseFixture } from "./database-fixture";
import { startExtraWorker } from "./extra-worker";
import { skip } from "./servers";

const declared = (node: PostgresNode): CitusNodeInputs => ({ node, registeredBy: "tenantry" });

/** A tenant table with rows in six shards on two workers, and a third server that is not in the cluster yet. */
async function startCluster(t: test.TestContext) {
  const fixture = await startDatabaseFixture(t);
  if ((await fixture.database.facts).citus === undefined) {
    t.skip("this server has no Citus");
    return undefined;
  }
  await fixture.run("CREATE SCHEMA shop; CREATE TABLE shop.tenants (tenant_id uuid PRIMARY KEY, name text)");
  await distributedTable.create(fixture, {
    ...{ schema: "shop", table: "tenants", column: "tenant_id", placement: { shardCount: 6 }, foreignKeys: [] },
  });
  await fixture.run("INSERT INTO shop.tenants SELECT gen_random_uuid(), 'x' FROM generate_series(1, 3000)");
  const two = fixture.endpoint.nodes;
  for (const node of two) await citusNode.create(fixture, declared(node));
  const { state } = await shardRebalance.create(fixture, { nodes: two });
  const worker = await startExtraWorker(t, fixture.endpoint, "worker_3");
  return { fixture, two, state, worker };
}

const held = ({ holdings }: ShardRebalanceState) =>
  Object.fromEntries(holdings.filter(({ group }) => group > 0).map(({ node, shards }) => [node, shards]));

async function rowsOf(fixture: DatabaseFixture): Promise<unknown> {
  return (await fixture.run("SELECT count(*)::int AS rows FROM shop.tenants"))[0]?.rows;
}

async function addressesOf(fixture: DatabaseFixture): Promise<readonly unknown[]> {
  return (await fixture.run("SELECT nodeport FROM pg_dist_node WHERE groupid > 0 ORDER BY 1")).map(
    ({ nodeport }) => nodeport,
  );
}

test("joins a node without shards, gives it some, empties and removes it, and loses no row", { skip }, async (t) => {
  const cluster = await startCluster(t);
  if (!cluster) return;
  const { fixture, two, state, worker } = cluster;
  assert.deepEqual(held(state), { worker_1: 3, worker_2: 3 });

  await t.test("rejects a listed node that is not in the cluster", async () => {
    const nodes = [...two, worker];
    await assert.rejects(shardRebalance.update(fixture, "shards", state, { nodes }), /worker_3 is no member/);
  });

  const member = await citusNode.create(fixture, declared(worker));
  await t.test("adds a node without permission for shards, and keeps Citus' catalogs for lagging slots", async () => {
    assert.equal(member.id, `worker_3@127.0.0.1:${worker.port}`);
    assert.deepEqual(await fixture.run(`SELECT shouldhaveshards FROM pg_dist_node WHERE nodeport = ${worker.port}`), [
      { shouldhaveshards: false },
    ]);
    const kept = await fixture.run(
      `SELECT result FROM run_command_on_workers($$SELECT reloptions::text FROM pg_class WHERE relname = 'pg_dist_shard'$$)`,
    );
    assert.deepEqual(
      kept.map(({ result }) => result),
      Array(3).fill("{user_catalog_table=true}"),
    );
    assert.deepEqual(await citusNode.create(fixture, declared(worker)), member, "joining again changes nothing");
  });

  let three = state;
  await t.test("moves shards to the node by a rebalance, and logs the progress", async () => {
    const nodes = [...two, worker];
    three = await shardRebalance.update(fixture, "shards", state, { nodes });
    assert.deepEqual(held(three), { worker_1: 2, worker_2: 2, worker_3: 2 });
    assert.ok(three.holdings.every(({ group, bytes }) => group === 0 || bytes > 0));
    assert.match(fixture.logged.join("\n"), /rebalance finished: 2 of 2 steps done/);
    assert.deepEqual(await shardRebalance.read(fixture, "shards", three), three);
    assert.deepEqual(shardRebalance.diff(three, { nodes }), []);
    assert.equal(await rowsOf(fixture), 3000);
  });

  await t.test("corrects a node that was closed to shards by hand", async () => {
    await fixture.run(`SELECT citus_set_node_property('127.0.0.1', ${worker.port}, 'shouldhaveshards', false)`);
    const found = await shardRebalance.read(fixture, "shards", three);
    assert.deepEqual(
      found?.nodes.map(({ name }) => name),
      ["worker_1", "worker_2"],
    );
    const nodes = [...two, worker];
    const again = await shardRebalance.update(fixture, "shards", found ?? three, { nodes });
    assert.deepEqual(held(again), held(three));
  });

  await t.test("keeps a node that may hold shards in the cluster when the stack is destroyed", async () => {
    await citusNode.delete(fixture, member.id, member.state);
    assert.ok((await addressesOf(fixture)).includes(worker.port));
    assert.match(fixture.logged.join("\n"), /worker_3 stays a member of the cluster, with its shards/);
  });

  await t.test("keeps a node in the cluster until it is empty", async () => {
    await fixture.run(`SELECT citus_set_node_property('127.0.0.1', ${worker.port}, 'shouldhaveshards', false)`);
    await assert.rejects(
      citusNode.delete(fixture, member.id, member.state),
      /worker_3 can't leave.*\n.*2 shard groups/s,
    );
    await fixture.run(`SELECT citus_set_node_property('127.0.0.1', ${worker.port}, 'shouldhaveshards', true)`);
  });

  await t.test("does not move shards silently from an undeclared node", async () => {
    await assert.rejects(
      shardRebalance.create(fixture, { nodes: two }),
      /holds shards, and is not among the stack's nodes/,
    );
  });

  await t.test("waits for a running rebalance, then empties and removes the node", async () => {
    await fixture.run(`SELECT citus_set_node_property('127.0.0.1', ${worker.port}, 'shouldhaveshards', false)`);
    await fixture.run("SELECT citus_rebalance_start()");
    const back = await shardRebalance.update(fixture, "shards", three, { nodes: two });
    assert.match(fixture.logged.join("\n"), /a rebalance is under way already/);
    assert.deepEqual(held(back), { worker_1: 3, worker_2: 3, [`127.0.0.1:${worker.port}`]: 0 });
    await citusNode.delete(fixture, member.id, member.state);
    assert.deepEqual(
      await addressesOf(fixture),
      two.map(({ port }) => port).sort((a, b) => a - b),
    );
    await citusNode.delete(fixture, member.id, member.state);
    assert.equal(await citusNode.read(fixture, member.id, member.state), undefined);
    assert.equal(await rowsOf(fixture), 3000);
  });
});

test("reads the slot of an emptied node to its end before it deletes anything", { skip }, async (t) => {
  const cluster = await startCluster(t);
  if (!cluster) return;
  const { fixture, two, state } = cluster;
  const [first, second] = two;
  assert.ok(first && second);
  const group = state.holdings.find(({ node }) => node === second.name)?.group;
  // Simulates a slot that catches up after some seconds, and one on a node that stays, which must be ignored.
  await fixture.run(`CREATE SCHEMA tenantry; CREATE TABLE tenantry.reads (at timestamptz);
    CREATE FUNCTION tenantry.replication_positions()
      RETURNS TABLE (node integer, name text, holds_shards boolean, lsn pg_lsn, slots jsonb) LANGUAGE sql
      AS $$ SELECT ${group}, 'leaving', false, '0/2000'::pg_lsn, jsonb_build_object('shop_outbox_worker_2',
          CASE WHEN (SELECT count(*) FROM tenantry.reads WHERE at < clock_timestamp()) > 0 THEN '0/2000' ELSE '0/1000' END)
        UNION ALL SELECT 99, 'staying', true, '0/2000', jsonb_build_object('shop_outbox_worker_1', '0/0') $$`);
  const done = shardRebalance.update(fixture, "shards", state, { nodes: [first] });
  while (!fixture.logged.some((line) => line.includes("waits until every event is read"))) await sleep(100);
  assert.match(
    fixture.logged.at(-1) ?? "",
    /before their node leaves: slot shop_outbox_worker_2 on leaving is 4096 bytes behind/,
  );
  assert.equal(
    (await fixture.run(`SELECT count(*)::int AS left FROM citus_shards WHERE nodeport = ${second.port}`))[0]?.left,
    0,
  );
  await fixture.run("INSERT INTO tenantry.reads VALUES (clock_timestamp())");
  assert.deepEqual(held(await done), { worker_1: 6, [`127.0.0.1:${second.port}`]: 0 });
});

test("reports a table that can't move online, and moves nothing", { skip }, async (t) => {
  const cluster = await startCluster(t);
  if (!cluster) return;
  const { fixture, two, state } = cluster;
  const [first] = two;
  assert.ok(first);
  await fixture.run(`CREATE TABLE shop.unkeyed (tenant_id uuid);
    SELECT create_distributed_table('shop.unkeyed', 'tenant_id', colocate_with => 'shop.tenants')`);
  await assert.rejects(
    shardRebalance.update(fixture, "shards", state, { nodes: [first] }),
    /unkeyed.*REPLICA IDENTITY or PRIMARY KEY/s,
  );
  assert.deepEqual(
    (await fixture.run("SELECT count(*)::int AS running FROM citus_rebalance_status() WHERE state = 'running'"))[0],
    { running: 0 },
  );
});
