import assert from "node:assert/strict";
import test from "node:test";
import { estimateMove, type Holding } from "../../../../provider/citus/shard-holdings";

const MiB = 2 ** 20;
const hold = (...counts: readonly number[]): Holding[] =>
  counts.map((shards, index) => ({ group: index + 1, node: `worker_${index + 1}`, shards, bytes: shards * 10 * MiB }));
const first = (count: number) => Array.from({ length: count }, (_, index) => `worker_${index + 1}`);

test("gives a third node a third of the shards", () => {
  assert.deepEqual(estimateMove(hold(6, 6), first(3)), {
    ...{ shards: 4, bytes: 40 * MiB },
    ...{ from: ["worker_1", "worker_2"], to: ["worker_3"] },
  });
});

test("moves all shards of a leaving node to those that stay", () => {
  assert.deepEqual(estimateMove(hold(4, 4, 4), first(2)), {
    ...{ shards: 4, bytes: 40 * MiB },
    ...{ from: ["worker_3"], to: ["worker_1", "worker_2"] },
  });
});

test("leaves the remainder of an uneven division on the fullest nodes", () => {
  assert.deepEqual(estimateMove(hold(2, 2), first(3)), {
    ...{ shards: 1, bytes: 10 * MiB },
    ...{ from: ["worker_2"], to: ["worker_3"] },
  });
  assert.equal(estimateMove(hold(3, 2, 2), first(3)).shards, 0);
});

test("moves the shards of a leaving node to a joining one", () => {
  const move = estimateMove(hold(6, 6), ["worker_1", "worker_9"]);
  assert.deepEqual([move.shards, move.from, move.to], [6, ["worker_2"], ["worker_9"]]);
});

test("moves nothing if there are no shards", () => {
  assert.deepEqual(estimateMove([], first(3)), { shards: 0, bytes: 0, from: [], to: [] });
});
