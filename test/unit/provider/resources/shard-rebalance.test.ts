import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { citusNode } from "../../../../provider/resources/citus-node";
import { type ShardRebalanceState, shardRebalance } from "../../../../provider/resources/shard-rebalance";
import { matchesGolden } from "../../golden";

const golden = join(__dirname, "..", "..", "..", "golden", "provider", "scaling.sql");
const GiB = 2 ** 30;
const worker = (number: number) => ({ name: `worker_${number}`, host: `citus-${number}.shop.svc`, port: 5432 });
const holding = (number: number, shards: number) => ({
  ...{ group: number, node: `worker_${number}` },
  ...{ shards, bytes: shards * 0.3 * GiB },
});
const two: ShardRebalanceState = { nodes: [1, 2].map(worker), holdings: [holding(1, 6), holding(2, 6)] };
const three: ShardRebalanceState = { nodes: [1, 2, 3].map(worker), holdings: [1, 2, 3].map((n) => holding(n, 4)) };

test("joins and leaves as in the golden file", () => {
  const member = { node: worker(3), registeredBy: "tenantry" } as const;
  const parts: [string, readonly string[]][] = [
    ["make the stack", shardRebalance.preview(undefined, two)],
    ["a third worker: its membership", citusNode.preview(undefined, member)],
    ["a third worker on Kubernetes", citusNode.preview(undefined, { ...member, registeredBy: "patroni" })],
    ["a third worker: its shards", shardRebalance.preview(two, { nodes: three.nodes })],
    ["two workers again: the third's shards", shardRebalance.preview(three, { nodes: two.nodes })],
    ["two workers again: the third's membership", citusNode.preview(member, undefined)],
  ];
  matchesGolden(golden, parts.map(([what, lines]) => `-- # ${what}\n${lines.join("\n")}\n`).join("\n"));
});

test("updates the list for an edited address without moving shards", () => {
  const nodes = [{ ...worker(1), host: "elsewhere" }, worker(2)];
  assert.deepEqual(shardRebalance.diff(two, { nodes }), [{ path: "nodes", how: "update" }]);
  assert.deepEqual(shardRebalance.preview(two, { nodes }), []);
  assert.deepEqual(shardRebalance.diff(two, { nodes: two.nodes.toReversed() }), []);
});

test("previews the database's current numbers, or those of the last run if it does not answer", async () => {
  const read = async () => [
    { group: 1, address: "a:5432", shards: 10, bytes: String(10 * GiB) },
    { group: 2, address: "b:5432", shards: 2, bytes: String(2 * GiB) },
  ];
  const lines = await shardRebalance.previewLive?.(read as never, two, { nodes: three.nodes });
  assert.equal(
    lines?.[0],
    "-- about 6 of 12 shard groups, 6 GiB of 12 GiB (as they are now), move online from worker_1 to worker_2, worker_3",
  );
  assert.match(shardRebalance.preview(two, { nodes: three.nodes })[0] ?? "", /4 of 12.*\(as the last run left them\)/);
});

test("rejects a list without nodes", () => {
  const { error } = shardRebalance.inputs.safeParse({ nodes: [] });
  assert.equal(error?.issues[0]?.message, "shards need a node");
});

test("replaces a node only if its name changes; a new address is looked up again", () => {
  const state = { node: worker(1), registeredBy: "tenantry", group: 1 } as const;
  const how = (node: typeof state.node) => citusNode.diff(state, { node, registeredBy: "tenantry" });
  assert.deepEqual(how({ ...worker(1), host: "b", port: 5433 }), [
    { path: "node.host", how: "update" },
    { path: "node.port", how: "update" },
  ]);
  assert.deepEqual(how({ ...worker(1), name: "worker_9" }), [{ path: "node.name", how: "replace" }]);
});

test("puts the address into a node's id", async () => {
  await assert.rejects(
    citusNode.read({ database: {} } as never, "worker_1", undefined),
    /no node's id[\s\S]*NAME@HOST:PORT/,
  );
});
