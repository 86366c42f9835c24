import type { Reader } from "../postgres/sql-statements";

/** Session that splits, by its ids on the nodes. */
export interface Split {
  readonly pid: number;
  /** Citus' global process id. The names of its sessions on nodes contain it. */
  readonly gpid: string;
}

/** Session that works for a split, on the coordinator or another node. */
interface SplitSession {
  readonly node: string;
  readonly query: string;
  /** Wait event of pg_stat_activity: `Lock/transactionid`; null while the session runs. */
  readonly wait: string | null;
  /** Descriptions of its blockers: sessions, or a prepared transaction. */
  readonly blockers: readonly string[];
}

/** Progress of a split, seen from outside. */
export interface SplitProgress {
  readonly sessions: readonly SplitSession[];
  /** True if it holds, or waits for, the locks that block the writers of its shards. */
  readonly locks: boolean;
  /** Number of objects that it has created. */
  readonly made: number;
  /** Position in the log that the new shards have reached; null before they follow it. */
  readonly reached: string | null;
  /** Bytes of the log that the new shards still lack. */
  readonly behind: string | null;
  /** Number of errors of the replication to the new shards. */
  readonly errors: number;
  /** True if another database of a node also splits shards. */
  readonly foreign: boolean;
}

type Phase = "prepares" | "waits for older transactions" | "copies" | "catches up" | "switches";

const sessionsSql = (
  split: string,
) => `SELECT coalesce(json_agg(json_build_object('query', left(regexp_replace(query, '\\s+', ' ', 'g'), 120),
    'wait', wait_event_type || '/' || wait_event,
    'blockers', ARRAY(SELECT CASE blocker WHEN 0
      THEN 'a prepared transaction (' || coalesce((SELECT string_agg(gid, ', ') FROM pg_prepared_xacts WHERE database = current_database()), 'of another database') || ')'
      ELSE (SELECT format('process %s (%s of %s, %s, in its transaction for %s s)', b.pid, coalesce(nullif(b.application_name, ''), b.backend_type), b.datname,
        b.state, extract(epoch FROM clock_timestamp() - b.xact_start)::int) FROM pg_stat_activity AS b WHERE b.pid = blocker) END
      FROM unnest(pg_blocking_pids(pid)) AS blocker))), '[]')
  FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND (${split})`;

/** Query for each node, as text. */
function nodeSql(gpid: string): string {
  return `SELECT json_build_object('sessions', (${sessionsSql(`application_name = 'citus_internal gpid=${gpid}'`)}),
    'reached', (SELECT min(latest_end_lsn) FROM ${ownSubscriptions}),
    'behind', (SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), latest_end_lsn)) FROM ${ownSubscriptions}),
    'errors', (SELECT coalesce(sum(apply_error_count), 0) FROM pg_stat_subscription_stats WHERE subid IN (SELECT subid FROM ${ownSubscriptions})),
    'foreign', ${elsewhere})`;
}

const elsewhere =
  "EXISTS (SELECT FROM pg_replication_slots WHERE slot_name LIKE 'citus\\_shard\\_split\\_slot%' AND database <> current_database())";

const ownSubscriptions = `pg_stat_subscription WHERE subname LIKE 'citus\\_shard\\_split\\_subscription%'
  AND subid IN (SELECT s.oid FROM pg_subscription AS s JOIN pg_database AS d ON d.oid = subdbid WHERE datname = current_database())`;

/** Progress on one node. */
type NodeProgress = Pick<SplitProgress, "reached" | "behind" | "errors" | "foreign"> & {
  readonly sessions: readonly Omit<SplitSession, "node">[];
};

/**
 * Reads the progress from every node. Citus locks shard metadata with advisory locks of class 4 or 8 (alone or
 * co-located); exclusive ones block writers.
 */
export async function readSplitProgress(read: Reader, { pid, gpid }: Split): Promise<SplitProgress> {
  const [here] = await read<{ sessions: NodeProgress["sessions"]; locks: boolean; made: number }>(
    `SELECT (${sessionsSql("pid = $1")}) AS sessions,
       EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND locktype = 'advisory' AND objsubid IN (4, 8) AND mode = 'ExclusiveLock') AS locks,
       (SELECT count(*)::int FROM pg_dist_cleanup) AS made`,
    [pid],
  );
  const nodes = await read<{ node: string; progress: NodeProgress }>(
    `SELECT nodename || ':' || nodeport AS node, result::json AS progress
     FROM run_command_on_all_nodes($1) JOIN pg_dist_node USING (nodeid) WHERE success`,
    [nodeSql(gpid)],
  );
  const own = (here?.sessions ?? []).map((session) => ({ ...session, node: "the coordinator" }));
  const replicating = nodes.find(({ progress }) => progress.reached !== null)?.progress;
  return {
    sessions: [
      ...own,
      ...nodes.flatMap(({ node, progress }) => progress.sessions.map((session) => ({ ...session, node }))),
    ],
    locks: here?.locks ?? false,
    made: here?.made ?? 0,
    reached: replicating?.reached ?? null,
    behind: replicating?.behind ?? null,
    errors: nodes.reduce((sum, { progress }) => sum + Number(progress.errors), 0),
    foreign: nodes.some(({ progress }) => progress.foreign),
  };
}

/** True if another database of a node splits shards. */
export async function isSplitElsewhere(read: Reader): Promise<boolean> {
  const rows = await read("SELECT FROM run_command_on_all_nodes($1) WHERE success AND result::boolean", [
    `SELECT ${elsewhere}`,
  ]);
  return rows.length > 0;
}

export function phaseOf({ sessions, locks, reached }: SplitProgress): Phase {
  const runs = (start: string) => sessions.some(({ query }) => query.startsWith(start));
  if (locks) return "switches";
  if (runs("CREATE_REPLICATION_SLOT")) return "waits for older transactions";
  if (runs("SELECT pg_catalog.worker_split_copy")) return "copies";
  return reached === null ? "prepares" : "catches up";
}

/** Key that stays the same while nothing happens. It leaves out how long a session waits. */
export function progressKey({ sessions, made, reached, locks }: SplitProgress): string {
  return JSON.stringify([made, reached, locks, sessions.map(({ node, query }) => [node, query])]);
}

/** Progress as a line of the log. */
export function describeProgress(progress: SplitProgress): string {
  const phase = phaseOf(progress);
  const parts = [phase === "switches" ? "the split holds up the writers of its shards" : `the split ${phase}`];
  if (phase === "prepares") parts.push(`${progress.made} things made`);
  if (phase === "catches up" && progress.reached !== null)
    parts.push(`up to ${progress.reached}, ${progress.behind} bytes behind`);
  for (const { node, query, wait, blockers } of progress.sessions) {
    if (blockers.length > 0)
      parts.push(`on ${node} \`${query.slice(0, 60)}\` (${wait}) waits for ${blockers.join(", ")}`);
  }
  if (progress.errors > 0) parts.push(`${progress.errors} errors of the replication`);
  return parts.join("; ");
}

/** True if one of its sessions computes, reads or writes right now. A long copy shows no other progress. */
export function isMoving({ sessions }: SplitProgress): boolean {
  return sessions.some(({ wait }) => wait === null || /^(IO|LWLock|BufferPin)\//.test(wait));
}
