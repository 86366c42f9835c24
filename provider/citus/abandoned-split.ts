import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../postgres/database";
import type { Split } from "./split-progress";

/** Time in which objects in use must be released, in ms. */
const patienceMs = 30_000;

/**
 * Drops what a stopped split left: first its sessions on the nodes, then new shards, subscription, slot, publication
 * and role. Returns the number of objects still in use. Citus retries those itself, four times a minute.
 */
export async function cleanUpSplit(database: Database, { gpid }: Split): Promise<number> {
  const end = `SELECT count(pg_terminate_backend(pid::int)) FROM pg_stat_activity WHERE application_name = 'citus_internal gpid=${gpid}'`;
  for (const deadline = Date.now() + patienceMs; ; await sleep(1_000)) {
    // A session that waits for a transaction does not notice that its client is gone.
    await database.query("SELECT success FROM run_command_on_all_nodes($1)", [end]);
    await database.locked((client) => client.query("CALL citus_cleanup_orphaned_resources()"));
    const [left] = await database.query<{ count: number }>(
      // Citus drops the shards that a successful split replaced later; they are not part of this.
      "SELECT count(*)::int AS count FROM pg_dist_cleanup WHERE policy_type <> 2",
    );
    if (!left || left.count === 0 || Date.now() > deadline) return left?.count ?? 0;
  }
}
