import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { type Problem, Problems } from "../../common/problem";
import { roundSize } from "../../common/size";
import { readerOf, runStatement } from "../postgres/sql-statements";
import type { Context } from "../protocol/resource-context";

interface RebalanceOptions {
  /** Time without any progress after which this gives up, in ms. @default 900_000 */
  readonly limitMs?: number;
  /** Time between two checks, in ms. @default 1_000 */
  readonly pollMs?: number;
}

/** Job of Citus' background daemon, from citus_job_status. */
export interface RebalanceJob {
  readonly job: string;
  readonly state: "scheduled" | "running" | "finished" | "cancelling" | "cancelled" | "failing" | "failed";
  readonly details: {
    /** Number of moves, and copies of reference tables, by state. Null for a job without any. */
    readonly task_state_counts: Readonly<Record<string, number>> | null;
    /** Tasks that run, failed, or are retried. */
    readonly tasks: readonly RebalanceTask[];
  };
}

interface RebalanceTask {
  readonly state: string;
  readonly retried: number;
  readonly message?: string | null;
  /** Bytes of the moving shards. */
  readonly size?: { readonly source: number | null; readonly target: number | null };
  readonly LSN?: { readonly source: string | null; readonly target: string | null };
  readonly hosts?: { readonly source: string; readonly target: string };
}

export const startRebalance = "SELECT citus_rebalance_start()";
const stopRebalance = "SELECT citus_rebalance_stop()";

/** Interval of progress messages, in ms. */
const tellEveryMs = 5_000;
/** Retries after which a failing move needs an operator. Citus itself goes on for hours. */
const mostRetries = 3;
/**
 * Retries while a node is unreachable. Citus retries after 5 s, 20 s, then every minute, so the node has over two
 * minutes.
 */
const mostRetriesAway = 5;

/** Waits for a rebalance that already runs, such as that of a killed run. Its result does not matter. */
export async function awaitEarlierRebalance(
  context: Pick<Context, "log" | "signal">,
  client: Client,
  options: RebalanceOptions = {},
): Promise<void> {
  const [last] = await readerOf(client)<RebalanceJob>(
    "SELECT job_id::text AS job, state::text AS state, details FROM citus_rebalance_status(true)",
  );
  if (!last || hasEnded(last)) return;
  context.log(`a rebalance is under way already (job ${last.job}); waiting for its end`);
  await awaitEnd(context, client, last.job, options);
}

/**
 * Spreads the shards evenly over the nodes that may hold some, online, and waits for the end. If a move keeps
 * failing, the rebalance is stopped and the reason reported. If nothing happens for long, this gives up while the
 * rebalance goes on in the database.
 */
export async function rebalance(
  context: Pick<Context, "log" | "signal">,
  client: Client,
  options: RebalanceOptions = {},
): Promise<void> {
  const before = await lastJob(client);
  await runStatement(client, { sql: startRebalance });
  const job = await lastJob(client);
  if (job === undefined || job === before) return; // All is where it should be.
  const ended = await awaitEnd(context, client, job, options);
  if (ended.state !== "finished") throw new Problems([notFinished(ended)]);
}

async function lastJob(client: Client): Promise<string | undefined> {
  const [last] = await readerOf(client)<{ job: string }>(
    "SELECT job_id::text AS job FROM pg_dist_background_job WHERE job_type = 'rebalance' ORDER BY job_id DESC LIMIT 1",
  );
  return last?.job;
}

async function awaitEnd(
  { log, signal }: Pick<Context, "log" | "signal">,
  client: Client,
  id: string,
  { limitMs = 900_000, pollMs = 1_000 }: RebalanceOptions,
): Promise<RebalanceJob> {
  let [movedAt, seen, toldAt, told] = [Date.now(), "", 0, ""];
  for (;;) {
    signal.throwIfAborted();
    const [job] = await readerOf(client)<RebalanceJob>(
      "SELECT job_id::text AS job, state::text AS state, details FROM citus_job_status($1, true)",
      [id],
    );
    if (!job) throw new Error(`Citus forgot its job ${id}`);
    const progress = describeProgress(job);
    if (progress !== told && (hasEnded(job) || Date.now() - toldAt >= tellEveryMs)) {
      log(progress);
      [toldAt, told] = [Date.now(), progress];
    }
    if (hasEnded(job)) return job;
    const failing = job.details.tasks.find(
      ({ retried, message }) => retried >= (isAway(message) ? mostRetriesAway : mostRetries),
    );
    if (failing && job.state !== "cancelling") {
      await client.query(stopRebalance);
      throw new Problems([moveFails(failing)]);
    }
    const now = JSON.stringify(job);
    if (now !== seen) [movedAt, seen] = [Date.now(), now];
    if (Date.now() - movedAt >= limitMs) throw new Problems([standsStill(job, progress, limitMs)]);
    await sleep(pollMs, undefined, { signal });
  }
}

/** True if a move failed because a node can't be reached, which a restart repairs. */
function isAway(message: string | null | undefined): boolean {
  return /connection to the remote node|could not connect|connection refused|server closed the connection|starting up|shutting down|administrator command/i.test(
    message ?? "",
  );
}

function hasEnded({ state }: RebalanceJob): boolean {
  return state === "finished" || state === "cancelled" || state === "failed";
}

export function describeProgress({ state, details }: RebalanceJob): string {
  const counts = details.task_state_counts ?? {};
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const running = details.tasks.filter((task) => task.state === "running").map(describeTask);
  const retried = details.tasks
    .filter((task) => task.retried > 0 && task.message)
    .map(({ retried, message }) => `tried ${retried} times: ${message?.trim()}`);
  const head = `rebalance ${state}: ${counts.done ?? 0} of ${all} steps done`;
  return [head, ...running, ...retried].join("; ");
}

function describeTask({ size, hosts }: RebalanceTask): string {
  const bytes = (count: number | null | undefined) => roundSize({ bytes: count ?? 0 });
  const path = hosts ? ` from ${hosts.source} to ${hosts.target}` : "";
  return `${bytes(size?.target)} of ${bytes(size?.source)} copied${path}`;
}

function moveFails({ message, retried }: RebalanceTask): Problem {
  return {
    what: "A shard can't be moved; the rebalance was stopped, and what has moved stays where it is",
    got: `${message?.trim() ?? "no reason given"} (tried ${retried} times)`,
    fix: "mend what the message says, then run again: it moves what is left",
  };
}

function standsStill({ job }: RebalanceJob, progress: string, limitMs: number): Problem {
  return {
    what: "The rebalance makes no progress",
    got: `${progress}, for ${limitMs / 60_000} minutes (job ${job})`,
    expected: "shards that move; a long transaction, or a network that is cut, holds them up",
    fix: `see SELECT * FROM citus_rebalance_status(), and pg_stat_activity for old transactions; it goes on in the database, and the next run waits for it. ${stopRebalance} stops it`,
  };
}

function notFinished({ job, state, details }: RebalanceJob): Problem {
  const reasons = details.tasks.flatMap(({ message }) => message?.trim() || []);
  return {
    what: `The rebalance was ${state}; what has moved stays where it is`,
    got: reasons.length > 0 ? reasons.join("; ") : `job ${job}, without a reason`,
    fix:
      state === "cancelled"
        ? "somebody stopped it (citus_rebalance_stop); run again: it moves what is left"
        : "mend what the message says, then run again: it moves what is left",
  };
}
