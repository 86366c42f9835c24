import assert from "node:assert/strict";
import test from "node:test";
import { Client } from "pg";
import { stringify } from "yaml";
import type { PostgresNode } from "../../architecture/endpoints";
import { startExtraWorker } from "./extra-worker";
import { makeProject, type Project } from "./project";
import { servers, skip } from "./servers";
import { assertNothingLost, startTraffic } from "./traffic";

const up = ["up", "-s", "it", "--yes", "--skip-preview"];

/** As an edit of the stack's nodes. */
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

const isCitus = () => servers().postgres.nodes.length > 1;

test("two workers become three and two again under writes: no event is lost, none comes twice", { skip }, async (t) => {
  if (!isCitus()) return t.skip("this server has no Citus");
  const project = await makeProject(t);
  const { application, endpoints } = project;
  const two = endpoints.postgres.nodes;
  const worker = await startExtraWorker(t, endpoints.postgres, "worker_3");
  const run = async (...args: string[]) => {
    const { code, text } = await project.tenantry(...args);
    assert.equal(code, 0, text);
    return text;
  };
  await run(...up);
  const traffic = startTraffic(t, project, { writers: 4, pauseMs: 20 });

  await t.test("the preview of a new worker shows what is made and how much moves, and nothing else", async () => {
    listNodes(project, [...two, worker]);
    const text = await run("preview", "-s", "it", "--diff");
    assert.match(text, /SELECT citus_add_node\('127\.0\.0\.1', \d+\)/);
    assert.match(
      text,
      /about 1 of 4 shard groups, [\d.]+ \w+ of [\d.]+ MiB \(as they are now\), move online from worker_\d to worker_3/,
    );
    // The provider's list of nodes, and the rebalance; slot, connector and membership.
    assert.match(text, /\+ 3 to create\n\s+~ 2 to update\n\s+5 changes/);
  });

  await t.test("the new worker is read before its first shard comes", async () => {
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

  await t.test("nothing is left to do, and verify agrees", async () => {
    assert.match(await run(...up), /\d+ unchanged\n/);
    const found = await project.tenantry("verify", "-s", "it", "--only", "placement,replication,connectors,drift");
    assert.equal(found.code, 0, found.text);
  });

  await t.test("a removed worker's slot is read to its end, then slot, connector and membership go", async () => {
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
    assert.doesNotMatch(await connectors(project), new RegExp(`${application}-outbox-worker-3`));
  });

  await traffic.stop();
  assert.equal(traffic.failed(), 0, "writers saw no error");
  await assertNothingLost(t, project, traffic);
});

async function connectors({ endpoints }: Project): Promise<string> {
  return (await fetch(`${endpoints.connect.url}/connectors`)).text();
}
