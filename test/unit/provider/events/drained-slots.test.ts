import assert from "node:assert/strict";
import test from "node:test";
import { awaitDrained } from "../../../../provider/events/drained-slots";
import type { Database } from "../../../../provider/postgres/database";

const lagging = { slot: "shop_outbox_worker_1", node: "worker:5432", behind: "4096" };

/** A server that returns these slots one query after another, and then always the last. */
function acting(looks: readonly (readonly object[])[], isThere = true) {
  const told: string[] = [];
  let look = 0;
  const query = async (sql: string) => {
    if (sql.includes("to_regprocedure")) return [{ is: isThere }];
    if (!sql.includes("pg_wal_lsn_diff")) return [{ node: 1, lsn: "0/2000" }];
    return looks[Math.min(look++, looks.length - 1)];
  };
  const database = { query } as unknown as Database;
  const abort = new AbortController();
  return { context: { database, log: (line: string) => void told.push(line), signal: abort.signal }, told, abort };
}

test("does not wait for slots that have read everything", async () => {
  const { context, told } = acting([[]]);
  await awaitDrained(context);
  assert.deepEqual(told, []);
});

test("does not query slots if there is no outbox yet", async () => {
  const { context, told } = acting([[lagging]], false);
  await awaitDrained(context);
  assert.deepEqual(told, []);
});

test("waits for a lagging slot and logs it from time to time", async () => {
  const { context, told } = acting([[lagging], [lagging], []]);
  await awaitDrained(context, { pollMs: 1 });
  assert.deepEqual(told, [
    "waits until every event is read before shards are rewritten: slot shop_outbox_worker_1 on worker:5432 is 4096 bytes behind",
  ]);
});

test("stops waiting for a slot that no process reads, and names the fix", async () => {
  const { context } = acting([[lagging]]);
  await assert.rejects(awaitDrained(context, { limitMs: 5, pollMs: 1 }), {
    name: "Problems",
    message: /Events wait to be read, which must be before shards are rewritten[\s\S]*shop_outbox_worker_1[\s\S]*fix: /,
  });
});

test("stops waiting when the run is cancelled", async () => {
  const { context, abort } = acting([[lagging]]);
  const waiting = awaitDrained(context, { pollMs: 60_000 });
  setTimeout(() => abort.abort(), 10);
  await assert.rejects(waiting, { name: "AbortError" });
});
