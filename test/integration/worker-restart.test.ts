import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase } from "../../provider/postgres/postgres";
import { citusNode } from "../../provider/resources/citus-node";
import { distributedTable } from "../../provider/resources/distributed-table";
import { shardRebalance } from "../../provider/resources/shard-rebalance";
import { startDatabaseFixture } from "./database-fixture";
import { startExtraWorker } from "./extra-worker";
import { skip } from "./servers";

test("waits for a restarting worker, before anything runs and during a rebalance", {
  skip,
}, async (t) => {
  const fixture = await startDatabaseFixture(t);
  const { database, endpoint, logged } = fixture;
  if ((await database.facts).citus === undefined) return t.skip("this server has no Citus");
  await fixture.run("CREATE SCHEMA shop; CREATE TABLE shop.tenants (tenant_id uuid PRIMARY KEY, name text)");
  await distributedTable.create(fixture, {
    ...{ schema: "shop", table: "tenants", column: "tenant_id", placement: { shardCount: 6 }, foreignKeys: [] },
  });
  await fixture.run(
    "INSERT INTO shop.tenants SELECT gen_random_uuid(), repeat('x', 500) FROM generate_series(1, 50000)",
  );
  const two = endpoint.nodes;
  const worker = await startExtraWorker(t, endpoint, "worker_3");
  const nodes = [...two, worker];

  await t.test("waits for the worker when it reads the servers' versions, and reports that", async () => {
    await worker.stop();
    const lines: string[] = [];
    const fresh = openDatabase({ ...endpoint, nodes }, { warn: (line) => lines.push(line) });
    const back = sleep(6_000).then(() => worker.start());
    assert.notEqual((await fresh.facts).citus, undefined);
    await back;
    await fresh.close();
    assert.match(
      lines.join("\n"),
      new RegExp(`PostgreSQL at 127.0.0.1:${worker.port} is away; waits for it, 60 s at most`),
    );
  });

  await t.test("continues the rebalance when the worker is back", async () => {
    for (const node of nodes) await citusNode.create(fixture, { node, registeredBy: "tenantry" });
    const { state } = await shardRebalance.create(fixture, { nodes: two });
    const restarted = (async () => {
      const running = "SELECT FROM pg_dist_background_job WHERE state = 'running'";
      while ((await fixture.run(running)).length === 0) await sleep(50);
      await worker.stop();
      await sleep(5_000);
      await worker.start();
    })();
    const { holdings } = await shardRebalance.update(fixture, "shards", state, { nodes });
    await restarted;
    assert.deepEqual(
      holdings.filter(({ group }) => group > 0).map(({ shards }) => shards),
      [2, 2, 2],
      logged.join("\n"),
    );
    assert.deepEqual(await fixture.run("SELECT count(*)::int AS rows FROM shop.tenants"), [{ rows: 50_000 }]);
  });
});
