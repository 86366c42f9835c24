import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { Problems } from "../../common/problem";

/** "tena", "ntry": keys of the advisory lock that every change by tenantry takes, per database. */
export const lockKeys = [0x74656e61, 0x6e747279] as const;

export interface LockOptions {
  /** Time to wait for another tenantry, in ms. @default 30_000 */
  readonly lockWaitMs?: number;
  /** Called with a line for the user while it waits. */
  readonly warn?: (message: string) => void;
  readonly signal?: AbortSignal;
}

interface Holder {
  readonly pid: number;
  readonly application: string | null;
  readonly address: string | null;
  readonly since: Date | null;
}

/**
 * Takes the lock until the connection ends, so a killed process loses it. @throws Problems that name the holder if it
 * stays taken
 */
export async function takeLock(client: Client, { lockWaitMs = 30_000, warn, signal }: LockOptions): Promise<void> {
  const deadline = Date.now() + lockWaitMs;
  let told = false;
  for (;;) {
    signal?.throwIfAborted();
    if (await tryLock(client)) return;
    const holder = await findHolder(client);
    if (holder && Date.now() >= deadline) throw lockTaken(holder, lockWaitMs);
    if (holder && !told) {
      warn?.(`waiting for another change to this database: ${describe(holder)}`);
      told = true;
    }
    await sleep(Math.min(500, Math.max(0, deadline - Date.now())) + 10, undefined, signal && { signal });
  }
}

async function tryLock(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1, $2) AS taken", [
    ...lockKeys,
  ]);
  return rows[0]?.taken === true;
}

async function findHolder(client: Client): Promise<Holder | undefined> {
  const { rows } = await client.query<Holder>(
    `SELECT l.pid, a.application_name AS application, host(a.client_addr) AS address, a.backend_start AS since
     FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
     LEFT JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 2 AND l.granted`,
    [...lockKeys],
  );
  return rows[0];
}

function lockTaken(holder: Holder, waitedMs: number): Problems {
  return new Problems([
    {
      what: `Another change to this database is running, and did not end within ${waitedMs / 1_000} s`,
      got: `the lock is held by ${describe(holder)}`,
      expected: "one `tenantry up` at a time for one database",
      fix: `wait for it and run again; if nobody runs it any more, end it with SELECT pg_terminate_backend(${holder.pid})`,
    },
  ]);
}

function describe({ pid, application, address, since }: Holder): string {
  const name = application || "an unnamed client";
  return `${name} from ${address ?? "a local socket"}, server process ${pid}, connected since ${since?.toISOString() ?? "an unknown time"}`;
}
