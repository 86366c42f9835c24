import type { Client } from "pg";
import { outbox } from "../../architecture/data-plane/outbox-table";
import type { Problem } from "../../common/problem";
import { formatLsn, type StreamPosition } from "../connect/stream-position";
import { readerOf } from "../postgres/sql-statements";
import { findSlot } from "./replication-slots";

/** The events that a slot holds and nobody has sent. */
export interface UnsentEvents {
  readonly count: number;
  /** Where the node's log ended at this look. */
  readonly end: string;
}

/**
 * Looks in a copy of the slot, which may be in use meanwhile; the copy goes with the connection. Undefined without a slot
 * that can be read.
 *
 * @param position how far its connector has sent, where that is more than the slot has confirmed
 */
export async function findUnsent(
  client: Client,
  slot: string,
  position?: StreamPosition,
): Promise<UnsentEvents | undefined> {
  const read = readerOf(client);
  const found = await findSlot(read, slot);
  if (found?.type !== "logical" || found.plugin !== "pgoutput" || found.wal === "lost") return undefined;
  if (found.database !== found.here) return undefined;
  const [now] = await read<{ end: string; publications: string | null }>(
    `SELECT pg_current_wal_lsn()::text AS "end",
       (SELECT string_agg(DISTINCT quote_ident(pubname), ',') FROM pg_publication_tables WHERE tablename = $1) AS publications`,
    [outbox.table],
  );
  if (!now) return undefined;
  // Without a publication no change has a reader.
  if (!now.publications) return { count: 0, end: now.end };
  const [copy] = await read<{ name: string; confirmed: string }>(
    `SELECT slot_name AS name, lsn::text AS confirmed
     FROM pg_copy_logical_replication_slot($1, 'tenantry_unsent_' || pg_backend_pid(), true)`,
    [slot],
  );
  if (!copy) return undefined;
  try {
    if (position) {
      await read("SELECT pg_replication_slot_advance($1, $2::pg_lsn) WHERE $2::pg_lsn > $3::pg_lsn", [
        copy.name,
        formatLsn(position.commitLsn),
        copy.confirmed,
      ]);
    }
    const [unsent] = await read<{ count: number }>(
      `WITH events AS (
         SELECT lsn, row_number() OVER () AS place
         FROM pg_logical_slot_peek_binary_changes($1, $2, NULL, 'proto_version', '1', 'publication_names', $3)
         WHERE get_byte(data, 0) = ascii('I'))
       SELECT count(*)::int AS count FROM events
       WHERE place > coalesce((SELECT max(place) FROM events WHERE lsn = $4), 0)`,
      [copy.name, now.end, now.publications, position?.changeLsn === undefined ? null : formatLsn(position.changeLsn)],
    );
    return { count: unsent?.count ?? 0, end: now.end };
  } finally {
    await client.query("SELECT pg_drop_replication_slot($1)", [copy.name]).catch(() => {});
  }
}

/** What allows it that events of a slot are lost. */
export function loseOptIn(slot: string): string {
  return `lose-events ${slot}`;
}

/** Why a slot, or the connector that reads it, stays. */
export function eventsWait(what: string, slot: string, count: number, way: string): Problem {
  return {
    what: `${what} holds events that were not sent, and would be lost with it`,
    got: `${count} events`,
    expected: "none",
    fix: `${way}; or add \`${loseOptIn(slot)}\` to tenantry:allow of the stack, which gives them up`,
  };
}
