import type { Client } from "pg";
import {
  formatLsn,
  parseLsn,
  type StreamChange,
  type StreamPosition,
  type StreamTransaction,
  type Unsent,
  unsentOf,
} from "../connect/stream-position";
import { decodePgoutput, type PgoutputMessage, type Relation } from "./pgoutput";

/** Inserted row of the stream. */
export interface StreamedRow {
  readonly message: PgoutputMessage & { readonly kind: "insert" };
  readonly relation: Relation;
  readonly lsn: bigint;
  /** Bytes of the whole message. */
  readonly bytes: number;
}

export interface StreamLook<Change extends StreamChange> {
  /** Name of the copy of the slot. */
  readonly copy: string;
  /** Names as PostgreSQL's plugin takes them, separated by commas. */
  readonly publications: string;
  readonly position: StreamPosition | undefined;
  /** Messages read. */
  readonly mostRows: number;
  /** Bytes read of each message. */
  readonly prefixBytes: number;
  changeOf(row: StreamedRow): Change;
}

export interface StreamStart<Change extends StreamChange> {
  readonly unsent: readonly Unsent<Change>[];
  /** True if the log was not read to its end, so that there may be more. */
  readonly isCut: boolean;
}

/**
 * Reads the first changes behind the position, however long the log behind them is. PostgreSQL reads whole transactions
 * and keeps them in a temporary file.
 */
export async function readStart<Change extends StreamChange>(
  client: Client,
  look: StreamLook<Change>,
): Promise<StreamStart<Change>> {
  const { copy, publications, position, mostRows, prefixBytes } = look;
  const sentLsn = position?.changeLsn === undefined ? null : formatLsn(position.changeLsn);
  for (let most = mostRows; ; most *= 8) {
    const { rows } = await client.query<MessageRow>(startSql, [
      copy,
      most,
      publications,
      sentLsn,
      prefixBytes,
      mostRows,
    ]);
    const unsent = unsentOf(transactionsOf(rows, look), position);
    const isCut = rows.length === mostRows || (rows[0]?.total ?? 0) >= most;
    // Those that were read may all have been sent: the position is in the middle of a large transaction.
    if (unsent.length > 0 || !isCut) return { unsent, isCut };
  }
}

/** The rows before the one that was sent last are left out. All of them are in the first transaction. */
const startSql = `
  WITH stream AS MATERIALIZED (
    SELECT row_number() OVER () AS place, lsn, get_byte(data, 0) = ascii('I') AS is_insert,
      substring(data FOR $5::int) AS data, octet_length(data) AS bytes
    FROM pg_logical_slot_peek_binary_changes($1, NULL, $2::int, 'proto_version', '1', 'publication_names', $3)
  )
  SELECT lsn::text, data, bytes, (SELECT count(*)::int FROM stream) AS total FROM stream
  WHERE NOT is_insert OR place >= coalesce((SELECT min(place) FROM stream WHERE is_insert AND lsn = $4::pg_lsn), 0)
  ORDER BY place LIMIT $6::int`;

interface MessageRow {
  readonly lsn: string;
  readonly data: Buffer;
  readonly bytes: number;
  readonly total: number;
}

/** @param rows messages of the plugin, in order */
function transactionsOf<Change extends StreamChange>(
  rows: readonly MessageRow[],
  { changeOf }: StreamLook<Change>,
): readonly StreamTransaction<Change>[] {
  const relations = new Map<number, Relation>();
  const transactions: (StreamTransaction<Change> & { changes: Change[]; endLsn: bigint | undefined })[] = [];
  for (const { lsn, data, bytes } of rows) {
    const message = decodePgoutput(data);
    const transaction = transactions.at(-1);
    if (message.kind === "begin") transactions.push({ ...message, endLsn: undefined, changes: [] });
    else if (message.kind === "relation") relations.set(message.oid, message);
    else if (!transaction) continue;
    else if (message.kind === "commit") transaction.endLsn = message.endLsn;
    else if (message.kind === "insert") {
      const relation = relations.get(message.oid);
      if (relation) transaction.changes.push(changeOf({ message, relation, lsn: parseLsn(lsn), bytes }));
    }
  }
  return transactions;
}
