import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import { Client } from "pg";
import { parse, stringify } from "yaml";
import type { PostgresNode } from "../../architecture/endpoints";
import { openConnect } from "../../provider/connect/connect-client";
import { openDatabase } from "../../provider/postgres/postgres";
import { tenantShard } from "../../provider/resources/tenant-shard";
import { startExtraWorker } from "./extra-worker";
import { killAfter, linearCongruence } from "./kills";
import { makeProject, type Project } from "./project";
import { servers, skip } from "./servers";
import { assertNothingLost, startTraffic } from "./traffic";

/** `make test-kills` takes 6; elsewhere it takes too long. */
const kills = Number(process.env.TENANTRY_SCALE_KILLS ?? 0);
const skippedKills = kills > 0 ? skip : "takes minutes: `make test-kills` runs it (TENANTRY_SCALE_KILLS)";
const seed = Number(process.env.TENANTRY_SEED ?? 20_261_123);

/** `make test-kills` takes 20; elsewhere it takes too long. */
const splits = Number(process.env.TENANTRY_SPLITS ?? 0);
const skippedSplits = splits > 0 ? skip : "takes minutes: `make test-kills` runs it (TENANTRY_SPLITS)";

const up = ["up", "-s", "it", "--yes", "--skip-preview"];

/** Changes the nodes in the stack's endpoints. */
function listNodes(project: Project, nodes: readonly PostgresNode[]): void {
  const { endpoints } = project;
  project.write("endpoints.yaml", stringify({ ...endpoints, postgres: { ...endpoints.postgres, nodes } }));
}

async function ask(project: Project, sql: string, server: Partial<PostgresNode> = {}): Promise<readonly unknown[]> {
  const { host, port, database, user, password } = { ...project.endpoints.postgres, ...server };
  const client = new Client({ host, port, database, user, password });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: "array" })).rows.flat();
  } finally {
    await client.end();
  }
}

async function succeed(project: Project, ...args: string[]): Promise<string> {
  const { code, text } = await project.tenantry(...args);
  assert.equal(code, 0, text);
  return text;
}

const isCitus = () => servers().postgres.nodes.length > 1;

test("scales from two workers to three and back under writes, and delivers every event once", { skip }, async (t) => {
  if (!isCitus()) return t.skip("this server has no Citus");
  const project = await makeProject(t);
  const { application, endpoints } = project;
  const two = endpoints.postgres.nodes;
  const worker = await startExtraWorker(t, endpoints.postgres, "worker_3");
  const run = (...args: string[]) => succeed(project, ...args);
  await run(...up);
  const traffic = startTraffic(t, project, { writers: 4, pauseMs: 20 });

  await t.test("previews only a new worker's resources and the amount of data to move", async () => {
    listNodes(project, [...two, worker]);
    const text = await run("preview", "-s", "it", "--diff");
    assert.match(text, /SELECT citus_add_node\('127\.0\.0\.1', \d+\)/);
    assert.match(
      text,
      /about 1 of 4 shard groups, [\d.]+ \w+ of [\d.]+ MiB \(as they are now\), move online from worker_\d to worker_3/,
    );
    // Updates the nodes of provider, boundary and rebalance; creates slot, connector and CitusNode.
    assert.match(text, /\+ 3 to create\n\s+~ 3 to update\n\s+6 changes/);
  });

  await t.test("creates slot and connector of the new worker before its first shard arrives", async () => {
    const text = await run(...up);
    assert.match(text, /rebalance finished: 2 of 2 steps done/);
    const order = ["CitusNode worker_3", "ReplicationSlot", "Connector", "ShardRebalance"].map((noun) =>
      text.search(new RegExp(`${noun}.* (created|updated) \\(`)),
    );
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
      text,
    );
    const held = "SELECT count(DISTINCT shardid)::int FROM citus_shards WHERE table_name = 'tenantry.outbox'::regclass";
    assert.deepEqual(await ask(project, `${held} AND nodeport = ${worker.port}`), [1]);
  });

  await t.test("changes nothing in a second up, and passes verify", async () => {
    assert.match(await run(...up), /\d+ unchanged\n/);
    const found = await project.tenantry("verify", "-s", "it", "--only", "placement,replication,connectors,drift");
    assert.equal(found.code, 0, found.text);
  });

  await t.test(
    "reads the slot of a removed worker to its end before it deletes slot, connector and membership",
    async () => {
      listNodes(project, two);
      const preview = await run("preview", "-s", "it", "--diff");
      assert.match(preview, /about 1 of 4 shard groups.* from worker_3 to worker_/);
      assert.match(preview, /- 3 to delete/);
      const text = await run(...up);
      const order = ["ShardRebalance", "Connector", "ReplicationSlot", "CitusNode worker_3"].map((noun) =>
        text.search(new RegExp(`${noun}.* (updated|deleted) \\(`)),
      );
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
        text,
      );
      assert.deepEqual(await ask(project, "SELECT nodeport FROM pg_dist_node WHERE groupid > 0 ORDER BY 1"), [
        ...two.map(({ port }) => port).sort((a, b) => a - b),
      ]);
      const slots = "SELECT slot_name FROM pg_replication_slots WHERE slot_type = 'logical'";
      assert.deepEqual(await ask(project, slots, worker), []);
      assert.deepEqual(
        (await connectors(project)).filter((name) => name.includes(`${application}-outbox-worker-3`)),
        [],
      );
    },
  );

  await traffic.stop();
  assert.equal(traffic.failed(), 0, "writers saw no error");
  await assertNothingLost(t, project, traffic);
});

async function connectors({ endpoints }: Project): Promise<readonly string[]> {
  return openConnect(endpoints.connect).names();
}

test("moves a writing tenant to its own shards in all tables, and delivers every event once", {
  skip,
}, async (t) => {
  if (!isCitus()) return t.skip("this server has no Citus");
  const project = await makeProject(t);
  const { application } = project;
  const run = (...args: string[]) => succeed(project, ...args);
  await run(...up);
  const traffic = startTraffic(t, project, { writers: 4, pauseMs: 20 });
  const [tenant = ""] = traffic.tenants;
  const stack = parse(project.read("stacks/Pulumi.it.yaml")) as { config: object };
  const config = { ...stack.config, "tenantry:isolatedTenants": [tenant] };
  project.write("stacks/Pulumi.it.yaml", stringify({ config }));
  const preview = await run("preview", "-s", "it", "--diff");
  assert.match(preview, /copies a shard group of about [\d.]+ MiB/);
  assert.match(
    preview,
    new RegExp(`isolate_tenant_to_new_shard\\('"${application}"."tenants"', '${tenant}'::uuid, 'CASCADE'`),
  );
  assert.match(preview, /\+ 1 to create\n\s+\d+ unchanged/);
  await run(...up);
  const alone = `SELECT DISTINCT shardminvalue = shardmaxvalue FROM pg_dist_shard WHERE shardid IN (
    get_shard_id_for_distribution_column('${application}.tenants', '${tenant}'::uuid),
    get_shard_id_for_distribution_column('tenantry.outbox', '${tenant}'::uuid))`;
  assert.deepEqual(await ask(project, alone), [true]);
  assert.match(await run(...up), /Resources:\n\s+\d+ unchanged/);
  const found = await project.tenantry("verify", "-s", "it", "--only", "placement,foreign keys,isolation,drift");
  assert.equal(found.code, 0, found.text);
  await traffic.stop();
  await assertNothingLost(t, project, traffic);
});

test(`isolates ${splits} writing tenants one after the other, and delivers every event once`, {
  skip: skippedSplits,
}, async (t) => {
  if (!isCitus()) return t.skip("this server has no Citus");
  const project = await makeProject(t);
  const { application, endpoints } = project;
  await succeed(project, ...up);
  const traffic = startTraffic(t, project, { writers: 8, pauseMs: 20 });
  // Writing tenants are isolated first, then tenants without rows, whose shards hold other, writing tenants.
  const tenants = [...traffic.tenants, ...Array.from({ length: splits }, () => randomUUID())].slice(0, splits);
  const database = openDatabase(endpoints.postgres);
  t.after(() => database.close());
  const log = (message: string) => t.diagnostic(message);
  const context = { database, log, warn: log, signal: new AbortController().signal, allow: new Set<string>() };
  for (const [index, tenant] of tenants.entries()) {
    const began = Date.now();
    const { state } = await tenantShard.create(
      { ...context, connect: undefined as never },
      { schema: application, table: "tenants", type: "uuid", tenant },
    );
    assert.equal(state.isolated, "yes");
    log(`split ${index + 1} of ${splits}: ${Date.now() - began} ms`);
  }
  await traffic.stop();
  log(`longest pause of a writer: ${Math.round(traffic.longestPauseMs())} ms`);
  await assertNothingLost(t, project, traffic);
});

test(`completes scaling both ways after kills at ${kills} moments, and loses no event (seed ${seed})`, {
  skip: skippedKills,
}, async (t) => {
  if (!isCitus()) return t.skip("this server has no Citus");
  const project = await makeProject(t);
  const two = project.endpoints.postgres.nodes;
  const worker = await startExtraWorker(t, project.endpoints.postgres, "worker_3");
  const finish = async () => {
    const started = Date.now();
    const { code, text } = await project.tenantry(...up);
    assert.equal(code, 0, text);
    return Date.now() - started;
  };
  const onWorker = `SELECT count(DISTINCT shardid)::int FROM citus_shards
    WHERE table_name = 'tenantry.outbox'::regclass AND nodeport = ${worker.port}`;
  await finish();
  const traffic = startTraffic(t, project, { writers: 4, pauseMs: 20 });
  const moment = linearCongruence(seed);
  const lasts = new Map<string, number>();
  const ways = [
    { what: "three workers", nodes: [...two, worker], holds: 1, slots: 1 },
    { what: "two workers", nodes: two, holds: 0, slots: 0 },
  ];
  for (let run = 0; run <= kills; run++) {
    for (const { what, nodes, holds, slots } of ways) {
      // The first round is not killed and measures the time; the kills of the others are spread over that time.
      const afterMs = Math.round(((run - moment()) / kills) * (lasts.get(what) ?? 0));
      await t.test(run === 0 ? what : `${what}, killed after ${afterMs} ms`, async () => {
        listNodes(project, nodes);
        if (run > 0) await killAfter(project, up, afterMs, run % 2 === 0);
        const took = await finish();
        if (run === 0) lasts.set(what, took);
        assert.deepEqual(await ask(project, onWorker), [holds]);
        const kept = "SELECT count(*)::int FROM pg_replication_slots WHERE slot_type = 'logical'";
        assert.deepEqual(await ask(project, kept, worker), [slots]);
      });
    }
  }
  await traffic.stop();
  await assertNothingLost(t, project, traffic);
});
