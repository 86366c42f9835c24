import type { Reader } from "../postgres/sql-statements";

/** Replication slot of a node. */
export interface FoundSlot {
  readonly plugin: string | null;
  readonly type: "logical" | "physical";
  /** Null for physical slots, which serve the whole server. */
  readonly database: string | null;
  /** Database of the session that asked. */
  readonly here: string;
  /** Process that reads it; null if none does. */
  readonly pid: number | null;
  /**
   * `lost`: PostgreSQL removed WAL that the slot still needed (max_slot_wal_keep_size), so it can't be read any more.
   */
  readonly wal: "reserved" | "extended" | "unreserved" | "lost" | null;
}

export async function findSlot(read: Reader, slot: string): Promise<FoundSlot | undefined> {
  const [found] = await read<FoundSlot>(
    `SELECT plugin, slot_type AS type, database, current_database() AS here, active_pid AS pid, wal_status AS wal
     FROM pg_replication_slots WHERE slot_name = $1`,
    [slot],
  );
  return found;
}

/** Transaction that the creation of a slot waits for. */
export interface RunningTransaction {
  readonly pid: number | null;
  readonly application: string;
  readonly since: Date;
}

/** Reads the oldest transactions that have written something, also prepared ones, without the session's own. */
export function findRunningTransactions(read: Reader): Promise<readonly RunningTransaction[]> {
  return read<RunningTransaction>(
    `SELECT pid, coalesce(nullif(application_name, ''), 'an unnamed client') AS application, xact_start AS since
     FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
     UNION ALL SELECT NULL, 'prepared transaction ' || gid, prepared FROM pg_prepared_xacts
     ORDER BY since LIMIT 3`,
  );
}
