import { setTimeout as sleep } from "node:timers/promises";
import { Problems } from "../../common/problem";
import { isConnectionLoss } from "../postgres/postgres-connection";
import type { Context } from "../protocol/resource-context";

interface DrainOptions {
  /** Citus groups whose slots are waited for. @default all */
  readonly groups?: readonly number[];
  /** Reason for people. @default "shards are rewritten" */
  readonly before?: string;
  /** Time that the slots may stand still, in ms. @default 600_000 */
  readonly limitMs?: number;
  /** Time between two checks, in ms. @default 1_000 */
  readonly pollMs?: number;
}

/** Slot of the outbox that has not confirmed its node's log up to the start. */
interface LaggingSlot {
  readonly slot: string;
  readonly node: string;
  /** Bytes of the log that it lacks. */
  readonly behind: string;
}

/** Interval of progress messages, in ms. */
const tellEveryMs = 10_000;

/**
 * Waits until every slot of the outbox, on every node, has confirmed the log up to the start of this call. Events of
 * shards that go away should be read before. Without an outbox it does nothing.
 *
 * @throws Problems if a slot does not get there
 */
export async function awaitDrained(
  { database, log, signal }: Pick<Context, "database" | "log" | "signal">,
  { groups, before = "shards are rewritten", limitMs = 600_000, pollMs = 1_000 }: DrainOptions = {},
): Promise<void> {
  const [there] = await database.query<{ is: boolean }>(
    "SELECT to_regprocedure('tenantry.replication_positions()') IS NOT NULL AS is",
  );
  if (!there?.is) return;
  const positions = await database.query<{ node: number; lsn: string }>(
    "SELECT node, lsn::text AS lsn FROM tenantry.replication_positions()",
  );
  const ends = positions.filter(({ node }) => groups === undefined || groups.includes(node));
  const values = [ends.map(({ node }) => node), ends.map(({ lsn }) => lsn)];
  let [movedAt, toldAt, seen] = [Date.now(), 0, ""];
  for (;;) {
    signal.throwIfAborted();
    const lagging = await readLagging(database, values);
    if (lagging?.length === 0) return;
    const now = lagging ? describe(lagging) : "a node is away";
    if (now !== seen) [movedAt, seen] = [Date.now(), now];
    if (Date.now() - movedAt >= limitMs) throw new Problems([stillLagging(now, before, limitMs)]);
    if (Date.now() - toldAt >= tellEveryMs) {
      log(`waits until every event is read before ${before}: ${now}`);
      toldAt = Date.now();
    }
    await sleep(pollMs, undefined, { signal });
  }
}

const laggingSql = `SELECT slot.key AS slot, now_at.name AS node,
  pg_wal_lsn_diff(began_at.lsn, coalesce(slot.value::pg_lsn, '0/0'))::text AS behind
FROM tenantry.replication_positions() AS now_at
  JOIN unnest($1::integer[], $2::pg_lsn[]) AS began_at (node, lsn) USING (node)
  CROSS JOIN LATERAL jsonb_each_text(now_at.slots) AS slot
WHERE slot.value IS NULL OR slot.value::pg_lsn < began_at.lsn
ORDER BY 1`;

function describe(lagging: readonly LaggingSlot[]): string {
  return lagging.map(({ slot, node, behind }) => `slot ${slot} on ${node} is ${behind} bytes behind`).join("; ");
}

/** Returns undefined if a node can't be asked, because it may be restarting. */
async function readLagging(
  database: Context["database"],
  values: readonly unknown[],
): Promise<readonly LaggingSlot[] | undefined> {
  try {
    return await database.query<LaggingSlot>(laggingSql, values);
  } catch (error) {
    if (isConnectionLoss(error)) return undefined;
    throw error;
  }
}

function stillLagging(got: string, before: string, limitMs: number) {
  return {
    what: `Events wait to be read, which must be before ${before}`,
    got,
    expected: `every slot at the log's end, and none that stands still for ${limitMs / 1_000} s`,
    fix: "see that its connector runs (`tenantry verify`, the check `connectors`), then run again",
  };
}
