import type { Client } from "pg";
import { outbox } from "../../architecture/data-plane/outbox-table";
import type { Problem } from "../../common/problem";
import type { StreamPosition } from "../connect/stream-position";
import { readerOf } from "../postgres/sql-statements";
import { findSlot } from "./replication-slots";
import { onSlotCopy } from "./slot-copy";
import { readStart } from "./slot-stream";

/** The events that a slot holds and nobody has sent. */
export interface UnsentEvents {
  /** At least as many: the count ends after the first ones. 0 only if there is none. */
  readonly count: number;
  /** True if there may be more. */
  readonly isCut: boolean;
  /** Where the node's log ended at this look. */
  readonly end: string;
}

/** Messages read: enough to say that many events wait. An event takes four at most. */
const mostRows = 1_000;
/** Bytes of a message that tell its kind and position. */
const prefixBytes = 32;

/**
 * Looks in a copy of the slot, which may be in use meanwhile. Undefined without a slot that can be read.
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
  const { end, publications } = now;
  // Without a publication no change has a reader.
  if (!publications) return { count: 0, isCut: false, end };
  return onSlotCopy(client, slot, position, async ({ name: copy }) => {
    const changeOf = ({ lsn }: { readonly lsn: bigint }) => ({ lsn });
    const { unsent, isCut } = await readStart(client, {
      copy,
      publications,
      position,
      mostRows,
      prefixBytes,
      changeOf,
    });
    return { count: unsent.length, isCut, end };
  });
}

/** `3 events`, or `at least 333 events` where the count has ended before the log. */
export function describeUnsent({ count, isCut }: Pick<UnsentEvents, "count" | "isCut">): string {
  return `${isCut ? "at least " : ""}${count.toLocaleString("en")} events`;
}

/** What allows it that events of a slot are lost. */
export function loseOptIn(slot: string): string {
  return `lose-events ${slot}`;
}

/** Why a slot, or the connector that reads it, stays. */
export function eventsWait(what: string, slot: string, unsent: UnsentEvents, way: string): Problem {
  return {
    what: `${what} holds events that were not sent, and would be lost with it`,
    got: describeUnsent(unsent),
    expected: "none",
    fix: `${way}; or add \`${loseOptIn(slot)}\` to tenantry:allow of the stack, which gives them up`,
  };
}
