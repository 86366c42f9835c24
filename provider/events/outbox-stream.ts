import type { Client } from "pg";
import type { Declaration, Inputs } from "../../architecture/data-plane/declaration";
import { headerColumns } from "../../architecture/data-plane/outbox-table";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import type { ConnectorConfig } from "../connect/connect-state";
import {
  formatLsn,
  parseLsn,
  type StreamChange,
  type StreamPosition,
  type StreamTransaction,
  type Unsent,
  unsentOf,
} from "../connect/stream-position";
import { connect } from "../postgres/postgres-connection";
import type { EventValues } from "./parked-events";
import { decodePgoutput, type PgoutputMessage, type Relation, type Value } from "./pgoutput";

/** Stream of one node: the slot of its outbox, and the connector that reads it. */
export interface OutboxStream {
  readonly connector: Inputs["Connector"];
  readonly slot: Inputs["ReplicationSlot"];
}

/** Declared streams: each connector with its slot. */
export function streamsOf(declarations: readonly Declaration[]): readonly OutboxStream[] {
  const slots = declarations.flatMap(({ noun, inputs }) => (noun === "ReplicationSlot" ? [inputs] : []));
  return declarations.flatMap(({ noun, inputs }) => {
    const slot = noun === "Connector" && slots.find((each) => each.slot === inputs.config["slot.name"]);
    return slot ? [{ connector: inputs, slot }] : [];
  });
}

/** Event in the stream, without its content. */
export interface StreamedEvent extends StreamChange {
  readonly id: string;
  readonly tenant: string;
  /** Schema of the outbox: a tenant's own, or the toolkit's. */
  readonly schema: string;
  readonly aggregateType: string;
  readonly topic: string;
  /** Bytes, about as many as the record has. */
  readonly bytes: number;
  /** The largest column and its bytes, if known. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** First events to be sent. */
export interface UnsentStream {
  readonly unsent: readonly Unsent<StreamedEvent>[];
  /** True if there are more. */
  readonly isCut: boolean;
  /** Position that the slot has confirmed. */
  readonly confirmed: bigint;
}

/** Bytes read of each change: enough for everything shown. The payload follows. */
const prefixBytes = 1_024;
/** Rows read at most: Debezium's batch has 8,192 records, and each transaction has three rows beside its events. */
const mostRows = 40_000;

/**
 * Reads the next events from a copy of the slot, so the slot itself is untouched and may be in use. The copy is
 * dropped with the connection.
 */
export async function readUnsent(
  endpoint: PostgresEndpoint,
  stream: OutboxStream,
  position: StreamPosition | undefined,
): Promise<UnsentStream> {
  return onCopy(endpoint, stream, position, async (client, copy, confirmed) => {
    const { rows } = await client.query<ChangeRow>(
      `SELECT lsn::text, substring(data FOR ${prefixBytes}) AS data, octet_length(data) AS bytes FROM ${changesSql} LIMIT ${mostRows}`,
      [copy, stream.connector.config["publication.name"]],
    );
    const transactions = transactionsOf(rows, stream);
    return { unsent: unsentOf(transactions, position), isCut: rows.length === mostRows, confirmed };
  });
}

/** Values, by outbox column, of the events at one position of the log: one event, or several if a COPY wrote them. */
export async function readEventsAt(
  endpoint: PostgresEndpoint,
  stream: OutboxStream,
  position: StreamPosition | undefined,
  { change: { lsn }, transaction: { xid } }: Unsent<StreamedEvent>,
): Promise<readonly EventValues[]> {
  return onCopy(endpoint, stream, position, async (client, copy) => {
    const { rows } = await client.query<ChangeRow>(
      `SELECT lsn::text, data, octet_length(data) AS bytes FROM ${changesSql}
       WHERE get_byte(data, 0) = ascii('R') OR (lsn = $3 AND xid::text = $4 AND get_byte(data, 0) = ascii('I'))`,
      [copy, stream.connector.config["publication.name"], formatLsn(lsn), String(xid)],
    );
    const relations = new Map<number, Relation>();
    return rows.flatMap(({ data }) => {
      const message = decodePgoutput(data);
      if (message.kind === "relation") relations.set(message.oid, message);
      if (message.kind !== "insert") return [];
      const values = Object.entries(valuesOf(message, relations.get(message.oid)));
      return [Object.fromEntries(values.flatMap(([column, value]) => (value ? [[column, value.text] as const] : [])))];
    });
  });
}

const changesSql = "pg_logical_slot_peek_binary_changes($1, NULL, NULL, 'proto_version', '1', 'publication_names', $2)";

interface ChangeRow {
  readonly lsn: string;
  readonly data: Buffer;
  readonly bytes: number;
}

async function onCopy<T>(
  endpoint: PostgresEndpoint,
  { slot: { node, slot } }: OutboxStream,
  position: StreamPosition | undefined,
  work: (client: Client, copy: string, confirmed: bigint) => Promise<T>,
): Promise<T> {
  const client = await connect({ ...endpoint, host: node.host, port: node.port });
  try {
    const copied = await client.query<{ copy: string }>(
      "SELECT slot_name AS copy FROM pg_copy_logical_replication_slot($1, 'tenantry_look_' || pg_backend_pid(), true)",
      [slot],
    );
    const copy = copied.rows[0]?.copy ?? "";
    const { rows } = await client.query<{ confirmed: string }>(
      "SELECT confirmed_flush_lsn::text AS confirmed FROM pg_replication_slots WHERE slot_name = $1",
      [copy],
    );
    const confirmed = parseLsn(rows[0]?.confirmed ?? "");
    if (position && position.commitLsn > confirmed) {
      await client.query("SELECT pg_replication_slot_advance($1, $2)", [copy, formatLsn(position.commitLsn)]);
    }
    return await work(client, copy, confirmed);
  } finally {
    await client.end();
  }
}

/** @param rows messages of the plugin, in order */
function transactionsOf(
  rows: readonly ChangeRow[],
  { connector: { config } }: OutboxStream,
): readonly StreamTransaction<StreamedEvent>[] {
  const relations = new Map<number, Relation>();
  const transactions: (StreamTransaction<StreamedEvent> & { changes: StreamedEvent[]; endLsn: bigint | undefined })[] =
    [];
  for (const { lsn, data, bytes } of rows) {
    const message = decodePgoutput(data);
    const transaction = transactions.at(-1);
    if (message.kind === "begin") transactions.push({ ...message, endLsn: undefined, changes: [] });
    else if (message.kind === "relation") relations.set(message.oid, message);
    else if (!transaction) continue;
    else if (message.kind === "commit") transaction.endLsn = message.endLsn;
    else if (message.kind === "insert") {
      const relation = relations.get(message.oid);
      const event = relation && eventOf(message, relation, { lsn: parseLsn(lsn), bytes, config });
      if (event) transaction.changes.push(event);
    }
  }
  return transactions;
}

function eventOf(
  message: PgoutputMessage & { kind: "insert" },
  relation: Relation,
  { lsn, bytes, config }: { readonly lsn: bigint; readonly bytes: number; readonly config: ConnectorConfig },
): StreamedEvent {
  const values = valuesOf(message, relation);
  const tenantColumn = tenantColumnOf(config);
  const aggregateType = values.aggregate_type?.text ?? "";
  const topic = config["transforms.outbox.route.topic.replacement"] ?? "";
  return {
    lsn,
    id: values.id?.text ?? "",
    tenant: values[tenantColumn]?.text ?? "",
    schema: relation.schema,
    aggregateType,
    topic: topic.replace("${routedByValue}", () => aggregateType),
    bytes,
    sizes: Object.fromEntries(
      ["aggregate_id", "payload", ...headerColumns(tenantColumn).keys()].flatMap((column) => {
        const value = values[column];
        return value ? [[column, value.bytes] as const] : [];
      }),
    ),
  };
}

/** Column of the outbox for the header `tenant`. */
function tenantColumnOf(config: ConnectorConfig): string {
  const placement = config["transforms.outbox.table.fields.additional.placement"] ?? "";
  return /(?:^|,)([^,]*):header:tenant(?:,|$)/.exec(placement)?.[1] ?? "";
}

function valuesOf(
  { values }: PgoutputMessage & { kind: "insert" },
  relation: Relation | undefined,
): Readonly<Record<string, Value | undefined>> {
  return Object.fromEntries((relation?.columns ?? []).map((column, index) => [column, values[index]]));
}
