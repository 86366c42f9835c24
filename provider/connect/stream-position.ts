import { z } from "zod";
import type { ConnectorOffset } from "./connect-state";

/** Position up to which Debezium has sent the stream of one slot, from the connector's offsets. */
export interface StreamPosition {
  readonly partition: ConnectorOffset["partition"];
  readonly offset: Readonly<Record<string, unknown>>;
  /** End of the last transaction that was sent completely. */
  readonly commitLsn: bigint;
  /** Position of the last change that was sent, if its transaction is not complete. */
  readonly changeLsn: bigint | undefined;
  /** How many of the changes at that place were sent; undefined, as Debezium 3.6 leaves it, if all count as sent. */
  readonly sentThere: number | undefined;
}

const stored = z.looseObject({
  lsn_proc: z.number().optional(),
  lsn_commit: z.number().optional(),
  messageType: z.string().optional(),
  lsn_events_processed: z.number().optional(),
});

/** Returns undefined if nothing was sent: the stream then begins at the slot's start. */
export function parsePosition(offsets: readonly ConnectorOffset[]): StreamPosition | undefined {
  const [found] = offsets;
  if (!found?.offset) return undefined;
  const {
    lsn_proc: change,
    lsn_commit: commit = change,
    messageType,
    lsn_events_processed,
  } = stored.parse(found.offset);
  if (change === undefined || commit === undefined) return undefined;
  return {
    partition: found.partition,
    offset: found.offset,
    commitLsn: BigInt(commit),
    changeLsn: messageType === "INSERT" ? BigInt(change) : undefined,
    sentThere: lsn_events_processed,
  };
}

/** Transaction of the stream, in commit order. */
export interface StreamTransaction<Change extends StreamChange> {
  readonly xid: number;
  readonly committedUs: bigint;
  /** Start of its commit. */
  readonly commitLsn: bigint;
  /** End of its commit; undefined if the log was not read that far. */
  readonly endLsn: bigint | undefined;
  readonly changes: readonly Change[];
}

export interface StreamChange {
  /** Position of the change. All changes of one COPY may share it. */
  readonly lsn: bigint;
}

/** Change, and Connect's offset after it was sent. */
export interface Unsent<Change extends StreamChange> {
  readonly change: Change;
  readonly transaction: StreamTransaction<Change>;
  /** End of the previous transaction, if known. */
  readonly previousEnd: bigint | undefined;
}

/**
 * Changes still to be sent, in the order of the stream. Only commits are in the log's order: a change before the
 * position may belong to a transaction that committed behind it.
 */
export function unsentOf<Change extends StreamChange>(
  transactions: readonly StreamTransaction<Change>[],
  position: StreamPosition | undefined,
): readonly Unsent<Change>[] {
  const open = transactions.filter(({ commitLsn }) => !position || commitLsn >= position.commitLsn);
  const all = open.flatMap((transaction, index) =>
    transaction.changes.map((change) => ({ change, transaction, previousEnd: open[index - 1]?.endLsn })),
  );
  const firstThere = all.findIndex(({ change }) => change.lsn === position?.changeLsn);
  if (firstThere < 0) return all;
  const lastThere = all.findLastIndex(({ change }) => change.lsn === position?.changeLsn);
  return all.slice(Math.min(firstThere + (position?.sentThere ?? Number.POSITIVE_INFINITY), lastThere + 1));
}

/** More changes than share a place: a page of a table holds fewer rows. */
const allThere = 1_000_000;

/** The position of a stream that goes on behind all changes at the place of this one, as Debezium itself would store it. */
export function positionBehind<Change extends StreamChange>(
  { change, transaction, previousEnd }: Unsent<Change>,
  position: StreamPosition | undefined,
  start: { readonly partition: ConnectorOffset["partition"]; readonly lsn: bigint },
): ConnectorOffset {
  const before = previousEnd ?? position?.commitLsn ?? start.lsn;
  return {
    partition: position?.partition ?? start.partition,
    offset: {
      ...position?.offset,
      lsn: Number(change.lsn),
      lsn_proc: Number(change.lsn),
      lsn_commit: Number(before),
      txId: transaction.xid,
      ts_usec: Number(transaction.committedUs),
      messageType: "INSERT",
      lsn_events_processed: allThere,
    },
  };
}

/** `0/16B3748` as PostgreSQL writes it. */
export function parseLsn(text: string): bigint {
  const [high = "0", low = "0"] = text.split("/");
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

export function formatLsn(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffff_ffffn).toString(16)}`.toUpperCase();
}
