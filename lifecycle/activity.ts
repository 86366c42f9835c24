import type { Client } from "pg";

/** Notes the end of a run, by which alerts tell that none comes any more. */
export async function recordRun(client: Client, failures: number): Promise<void> {
  await client.query(
    `INSERT INTO tenantry.lifecycle_activity (activity, succeeded_at, failures)
     VALUES ('run', CASE WHEN $1 = 0 THEN now() END, $1)
     ON CONFLICT (activity) DO UPDATE SET seen_at = now(), failures = excluded.failures,
       succeeded_at = coalesce(excluded.succeeded_at, lifecycle_activity.succeeded_at)`,
    [failures],
  );
}

/** Notes the requests for cold rows that wait, as the worker sees them. */
export async function recordRequests(client: Client, waiting: number, oldest: Date | undefined): Promise<void> {
  await client.query(
    `INSERT INTO tenantry.lifecycle_activity (activity, succeeded_at, waiting, oldest_at) VALUES ('requests', now(), $1, $2)
     ON CONFLICT (activity) DO UPDATE SET seen_at = now(), succeeded_at = now(), waiting = excluded.waiting,
       oldest_at = excluded.oldest_at`,
    [waiting, oldest ?? null],
  );
}
