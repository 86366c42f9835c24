import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../postgres/database";
import type { Split } from "./split-progress";

/** How long what is still in use may take to be let go. */
const patienceMs = 30_000;

/**
 * Drops what a stopped split left: its sessions on the nodes, then new shards, subscription, slot, publication and role.
 * Returns how much of it is still in use; Citus tries that again by itself, four times a minute.
 */
export async function cleanUpSplit(database: Database, { gpid }: Split): Promise<number> {
  const end = `SELECT count(pg_terminate_backend(pid::int)) FROM pg_stat_activity WHERE application_name = 'citus_internal gpid=${gpid}'`;
  for (const deadline = Date.now() + patienceMs; ; await sleep(1_000)) {
    // A session that waits for a transaction does not notice that nobody waits for it any more.
    await database.query("SELECT success FROM run_command_on_all_nodes($1)", [end]);
    await database.locked((client) => client.query("CALL citus_cleanup_orphaned_resources()"));
    const [left] = await database.query<{ count: number }>(
      // What a split that ended well replaced is dropped later, and is none of this.
      "SELECT count(*)::int AS count FROM pg_dist_cleanup WHERE policy_type <> 2",
    );
    if (!left || left.count === 0 || Date.now() > deadline) return left?.count ?? 0;
  }
}
