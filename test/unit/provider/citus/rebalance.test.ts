import assert from "node:assert/strict";
import test from "node:test";
import type { Client } from "pg";
import {
  awaitEarlierRebalance,
  describeProgress,
  type RebalanceJob,
  rebalance,
} from "../../../../provider/citus/rebalance";

const MiB = 2 ** 20;
const job = (state: RebalanceJob["state"], details: Partial<RebalanceJob["details"]> = {}): RebalanceJob => ({
  ...{ job: "7", state },
  details: { task_state_counts: { running: 1, done: 2, blocked: 1 }, tasks: [], ...details },
});
const running = { state: "running", retried: 0, size: { source: 40 * MiB, target: 10 * MiB } };

/** A server that returns these states of a job one after another, and then always the last. */
function acting(
  looks: readonly RebalanceJob[],
  { isStarted = true, last }: { isStarted?: boolean; last?: RebalanceJob } = {},
) {
  const [told, ran] = [[] as string[], [] as string[]];
  let look = 0;
  const query = async (asked: string | { readonly text: string }) => {
    const sql = typeof asked === "string" ? asked : asked.text;
    ran.push(sql);
    if (sql.includes("pg_dist_background_job")) return { rows: ran.length > 1 && isStarted ? [{ job: "7" }] : [] };
    if (sql.includes("citus_rebalance_status")) return { rows: last ? [last] : [] };
    if (sql.includes("citus_job_status")) return { rows: [looks[Math.min(look++, looks.length - 1)]] };
    return { rows: [] };
  };
  const abort = new AbortController();
  const context = { log: (line: string) => void told.push(line), signal: abort.signal };
  return { context, client: { query } as unknown as Client, told, ran, abort };
}

test("waits for the end of the started job and logs its progress", async () => {
  const done = { task_state_counts: { done: 4 }, tasks: [] };
  const { context, client, told } = acting([job("scheduled"), job("finished", done)]);
  await rebalance(context, client, { pollMs: 1 });
  assert.deepEqual(told, ["rebalance scheduled: 2 of 4 steps done", "rebalance finished: 4 of 4 steps done"]);
});

test("does not wait if Citus finds nothing to move", async () => {
  const { context, client, told } = acting([], { isStarted: false });
  await rebalance(context, client);
  assert.deepEqual(told, []);
});

test("logs bytes, nodes and the reason of a retry", () => {
  const tasks = [
    { ...running, hosts: { source: "a:1", target: "b:2" } },
    { state: "runnable", retried: 2, message: "no room\n" },
  ];
  assert.equal(
    describeProgress(job("running", { tasks })),
    "rebalance running: 2 of 4 steps done; 10 MiB of 40 MiB copied from a:1 to b:2; tried 2 times: no room",
  );
});

test("stops the rebalance if a step keeps failing, and reports the reason", async () => {
  const tasks = [{ state: "runnable", retried: 3, message: "permission denied\n" }];
  const { context, client, ran } = acting([job("running", { tasks })]);
  await assert.rejects(rebalance(context, client, { pollMs: 1 }), {
    name: "Problems",
    message: /can't be moved[\s\S]*permission denied \(tried 3 times\)[\s\S]*fix: /,
  });
  assert.equal(ran.at(-1), "SELECT citus_rebalance_stop()");
});

test("stops waiting for a rebalance without progress, and reports how to stop it in the database", async () => {
  const { context, client, ran } = acting([job("running", { tasks: [running] })]);
  await assert.rejects(rebalance(context, client, { pollMs: 1, limitMs: 5 }), {
    name: "Problems",
    message:
      /makes no progress[\s\S]*10 MiB of 40 MiB copied[\s\S]*the next run waits for it[\s\S]*citus_rebalance_stop/,
  });
  assert.ok(!ran.includes("SELECT citus_rebalance_stop()"));
});

test("reports a rebalance that was stopped or failed", async () => {
  const stopped = acting([job("cancelled")]);
  await assert.rejects(rebalance(stopped.context, stopped.client), /was cancelled[\s\S]*somebody stopped it/);
  const tasks = [{ state: "error", retried: 30, message: "disk full" }];
  const failed = acting([job("failed", { tasks })]);
  await assert.rejects(rebalance(failed.context, failed.client), /was failed[\s\S]*disk full/);
});

test("waits for the rebalance of an earlier run, whatever its result", async () => {
  const { context, client, told } = acting([job("running"), job("cancelled")], { last: job("running") });
  await awaitEarlierRebalance(context, client, { pollMs: 1 });
  assert.equal(told[0], "a rebalance is under way already (job 7); waiting for its end");
  const over = acting([], { last: job("finished") });
  await awaitEarlierRebalance(over.context, over.client);
  assert.deepEqual(over.told, []);
});

test("stops waiting when the run is cancelled", async () => {
  const { context, client, abort } = acting([job("running")]);
  const waiting = rebalance(context, client, { pollMs: 60_000 });
  setTimeout(() => abort.abort(), 10);
  await assert.rejects(waiting, { name: "AbortError" });
});
