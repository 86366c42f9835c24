import type { Reader } from "../postgres/sql-statements";

/** The reader of the log that is furthest behind. */
export interface ReplicationLag {
  readonly of: string;
  readonly bytes: number;
}

/** Reads how far standbys and active replication slots are behind. A slot that nobody reads would wait for ever. */
export async function readLag(read: Reader): Promise<ReplicationLag | undefined> {
  const [lag] = await read<{ of: string; bytes: string }>(
    `SELECT "of", bytes::text AS bytes FROM (
       SELECT 'standby ' || application_name AS "of", pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) AS bytes
       FROM pg_stat_replication WHERE replay_lsn IS NOT NULL
       UNION ALL
       SELECT 'slot ' || slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)
       FROM pg_replication_slots WHERE active AND confirmed_flush_lsn IS NOT NULL
     ) AS reader ORDER BY reader.bytes DESC LIMIT 1`,
  );
  return lag && { of: lag.of, bytes: Number(lag.bytes) };
}
