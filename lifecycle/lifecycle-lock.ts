import type { Client } from "pg";
import { Problems } from "../common/problem";
import { connect, type Server } from "../provider/postgres/postgres-connection";

/** "tena", "life": keys of the advisory lock that a run, or an erasure, holds in its database. */
const keys = [0x74656e61, 0x6c696665];

/** Another run holds the lock: nothing is wrong, and nothing was done. */
export class LifecycleBusy extends Problems {}

/**
 * Runs `work` with a session that holds the lock. All that a run records goes through this session, so a run that has
 * lost the lock records nothing.
 */
export async function withLifecycleLock<T>(server: Server, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(server);
  try {
    const { rows } = await client.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1, $2) AS taken", keys);
    if (!rows[0]?.taken) throw await busy(client);
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

async function busy(client: Client): Promise<LifecycleBusy> {
  const { rows } = await client.query<{ pid: number; address: string | null; since: Date | null }>(
    `SELECT pid, host(client_addr) AS address, backend_start AS since
     FROM pg_locks JOIN pg_database ON pg_database.oid = database AND datname = current_database() LEFT JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND classid = $1 AND objid = $2 AND objsubid = 2 AND granted`,
    keys,
  );
  const [holder] = rows;
  return new LifecycleBusy([
    {
      what: "Another run or erasure works on this database",
      got: holder
        ? `server process ${holder.pid}, from ${holder.address ?? "a local socket"}, since ${holder.since?.toISOString() ?? "an unknown time"}`
        : "it has ended meanwhile",
      fix: "wait for its end; what it does not finish, the next run does",
    },
  ]);
}
