import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { type Problem, Problems } from "../../common/problem";
import { errorCode, isConnectionLoss, sqlState } from "../postgres/postgres-connection";
import { type Reader, readerOf, runStatement } from "../postgres/sql-statements";
import type { Context } from "../protocol/resource-context";
import { cleanUpSplit } from "./abandoned-split";
import {
  describeProgress,
  isMoving,
  isSplitElsewhere,
  phaseOf,
  progressKey,
  readSplitProgress,
  type Split,
  type SplitProgress,
} from "./split-progress";

interface SplitOptions {
  /** Number of attempts. @default 3 */
  readonly attempts?: number;
  /** Time that a split may stand still, in ms. @default 120_000 */
  readonly standstillMs?: number;
  /** Time that it may block the writers of its shards, in ms. @default 60_000 */
  readonly holdMs?: number;
  /** Time between two checks, in ms. @default 1_000 */
  readonly pollMs?: number;
}

/** Interval of progress messages, in ms. */
const logEveryMs = 5_000;
/** Time for a cancelled split to end before its connection is closed, in ms. */
const cancelPatienceMs = 10_000;
/** Pause before the next attempt, in ms: the blocker may be gone by then. */
const pauseMs = 5_000;
/** Time to wait for another database's split, in ms. */
const othersPatienceMs = 600_000;
/** Number of replication errors after which the split is stopped. Citus itself would wait two hours. */
const mostErrors = 3;

/**
 * Runs and watches a statement that splits shards. Citus itself waits without end for old transactions, its
 * replication and locks. A split that stands still is stopped, cleaned up and started again. Until its last step a
 * split changes nothing visible, so stopping it loses nothing.
 *
 * The split has its own connection, because Citus leaves connections to workers marked as not to be replicated.
 *
 * @param subject for people: `the shard of tenant acme`
 * @throws Problems after the last attempt, with what the split waited for
 */
export async function splitShard(
  context: Pick<Context, "database" | "log" | "signal">,
  sql: string,
  subject: string,
  options: SplitOptions = {},
): Promise<void> {
  const { database, log, signal } = context;
  const { attempts = 3 } = options;
  for (let attempt = 1; ; attempt++) {
    await awaitOthers(context);
    const stop = await database.onNode(database.endpoint, (client) => watch(context, client, sql, options));
    if (stop === undefined) return;
    const left = await cleanUpSplit(database, stop.split);
    if (left > 0) log(`${left} things that the split left are still in use; Citus drops them when they no longer are`);
    if (stop.failure && !isRepeatable(stop.failure)) throw stop.failure;
    if (attempt === attempts) throw new Problems([neverEnded(subject, attempts, stop)]);
    log(`the split was stopped: ${stop.reason}; nothing has changed. Tries again (${attempt + 1} of ${attempts})`);
    await sleep(pauseMs, undefined, { signal });
  }
}

/**
 * Waits while another database of these servers splits: Citus stores the mapping of old to new shards once a server.
 */
async function awaitOthers({ database, log, signal }: Pick<Context, "database" | "log" | "signal">): Promise<void> {
  const read = database.query.bind(database);
  for (const deadline = Date.now() + othersPatienceMs; await isSplitElsewhere(read); ) {
    if (Date.now() > deadline) throw new Problems([othersSplit()]);
    log("another database of these servers splits a shard; waiting for its end");
    await sleep(logEveryMs, undefined, { signal });
  }
}

interface Stop {
  readonly split: Split;
  /** Reason, for people. */
  readonly reason: string;
  /** Latest progress; undefined if it ended before the first check. */
  readonly progress: SplitProgress | undefined;
  /** Error of the statement, if it was not stopped. */
  readonly failure?: unknown;
}

/** Returns the reason of the end, or undefined if the split succeeded. */
async function watch(
  { database, log, signal }: Pick<Context, "database" | "log" | "signal">,
  client: Client,
  sql: string,
  { standstillMs = 120_000, holdMs = 60_000, pollMs = 1_000 }: SplitOptions,
): Promise<Stop | undefined> {
  // The watch stops a waiting split and knows the reason. `lock_timeout` would stop it without one.
  await client.query("SET lock_timeout = 0");
  const [split] = await readerOf(client)<Split>("SELECT pg_backend_pid() AS pid, citus_backend_gpid()::text AS gpid");
  if (!split) throw new Error("the server did not say which session this is");
  const read = database.query.bind(database);
  const running = runStatement(client, { sql }).then(
    () => "done" as const,
    (failure: unknown) => ({ failure }),
  );
  let progress: SplitProgress | undefined;
  let [movedAt, freeAt, loggedAt, lastKey, logged] = [Date.now(), Date.now(), Date.now(), "", ""];
  for (;;) {
    const ended = await Promise.race([running, sleep(pollMs)]);
    if (ended === "done") return undefined;
    if (ended) return { split, progress, reason: messageOf(ended.failure), failure: ended.failure };
    signal.throwIfAborted();
    // A failing check says nothing about the split. If the server is gone, the split's own connection reports it.
    const latest = await readSplitProgress(read, split).catch(() => undefined);
    if (!latest) continue;
    progress = latest;
    const now = describeProgress(latest);
    const key = progressKey(latest);
    if (isMoving(latest) || key !== lastKey) [movedAt, lastKey] = [Date.now(), key];
    if (phaseOf(latest) !== "switches") freeAt = Date.now();
    if (now !== logged && Date.now() - loggedAt >= logEveryMs) {
      log(now);
      [loggedAt, logged] = [Date.now(), now];
    }
    const why = reasonToStop(latest, Date.now() - movedAt >= standstillMs, Date.now() - freeAt >= holdMs);
    if (!why) continue;
    return (await cancel(read, split, running)) === "done" ? undefined : { split, progress, reason: `${why} (${now})` };
  }
}

function reasonToStop(progress: SplitProgress, standsStill: boolean, holdsUp: boolean): string | undefined {
  if (progress.foreign) return "another database of these servers began to split a shard";
  if (progress.errors >= mostErrors) return `the replication to the new shards failed ${progress.errors} times`;
  if (standsStill) return "it stood still";
  return holdsUp ? "it held up writers for too long" : undefined;
}

/** Cancels the split and returns its result: it may have finished meanwhile. */
async function cancel<Ended>(read: Reader, { pid }: Split, running: Promise<Ended>): Promise<Ended> {
  // Citus adds a second function of each name, so the call needs its schema and types.
  await read("SELECT pg_cancel_backend($1::int)", [pid]);
  const ended = await Promise.race([running, sleep(cancelPatienceMs)]);
  if (ended !== undefined) return ended;
  await read("SELECT pg_terminate_backend($1::int)", [pid]);
  return running;
}

function isRepeatable(failure: unknown): boolean {
  const code = errorCode(failure);
  return code === sqlState.deadlock || code === sqlState.serialization || isConnectionLoss(failure);
}

function messageOf(failure: unknown): string {
  if (failure instanceof Problems) return failure.problems[0]?.what ?? "";
  return failure instanceof Error ? failure.message : String(failure);
}

function othersSplit(): Problem {
  return {
    what: "Another database of these servers splits a shard, and does not end",
    got: `a replication slot citus_shard_split_slot_… of another database, for ${othersPatienceMs / 60_000} minutes`,
    expected: "one split at a time: Citus keeps once a server which shard becomes which, and writes would be lost",
    fix: "see SELECT * FROM pg_replication_slots on the nodes, let that split end, then run again",
  };
}

function neverEnded(subject: string, attempts: number, { reason, progress }: Stop): Problem {
  return {
    what: `Splitting ${subject} was tried ${attempts} times and never ended; nothing has changed, and what it made is cleaned up`,
    got: reason,
    expected: "a split that moves on, and holds writers up for a moment only",
    fix: `${adviceFor(progress)}, then run again`,
  };
}

function adviceFor(progress: SplitProgress | undefined): string {
  if (progress?.foreign) return "wait until the other database's split has ended";
  if (progress && progress.errors > 0) {
    return "see the node's log for the error of the subscription citus_shard_split_subscription_…";
  }
  if (progress?.sessions.some(({ blockers }) => blockers.length > 0)) {
    return "let those transactions end, or end them (on that node SELECT pg_terminate_backend(PROCESS); a prepared one by ROLLBACK PREPARED)";
  }
  return "wait until less is written, or let the split hold up its writers for the whole copy (docs/scaling.md, block writes)";
}
