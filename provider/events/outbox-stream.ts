import type { Client } from "pg";
import type { Declaration, Inputs } from "../../architecture/data-plane/declaration";
import { headerColumns } from "../../architecture/data-plane/outbox-table";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import type { ConnectorConfig } from "../connect/connect-state";
import { formatLsn, type StreamChange, type StreamPosition, type Unsent } from "../connect/stream-position";
import { connect } from "../postgres/postgres-connection";
import type { EventValues } from "./parked-events";
import { decodePgoutput, type PgoutputMessage, type Relation, type Value } from "./pgoutput";
import { onSlotCopy, type SlotCopy } from "./slot-copy";
import { readStart, type StreamedRow, type StreamStart } from "./slot-stream";

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
export interface UnsentStream extends StreamStart<StreamedEvent> {
  /** Position that the slot has confirmed. */
  readonly confirmed: bigint;
}

/** Bytes read of each change: enough for everything shown. The payload follows. */
const prefixBytes = 1_024;
/** Messages read at most: Debezium's batch has 8,192 records, and each transaction has three beside its events. */
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
  const { config } = stream.connector;
  return onCopy(endpoint, stream, position, async (client, { name: copy, confirmed }) => {
    const publications = config["publication.name"] ?? "";
    const changeOf = (row: StreamedRow) => eventOf(row, config);
    return {
      ...(await readStart(client, { copy, publications, position, mostRows, prefixBytes, changeOf })),
      confirmed,
    };
  });
}

/** Values, by outbox column, of the events at one position of the log: one event, or several if a COPY wrote them. */
export async function readEventsAt(
  endpoint: PostgresEndpoint,
  stream: OutboxStream,
  position: StreamPosition | undefined,
  { change: { lsn }, transaction: { xid, commitLsn } }: Unsent<StreamedEvent>,
): Promise<readonly EventValues[]> {
  return onCopy(endpoint, stream, position, async (client, { name }) => {
    const { rows } = await client.query<{ data: Buffer }>(
      `SELECT data FROM pg_logical_slot_peek_binary_changes($1, $5::pg_lsn, NULL, 'proto_version', '1', 'publication_names', $2)
       WHERE get_byte(data, 0) = ascii('R') OR (lsn = $3 AND xid::text = $4 AND get_byte(data, 0) = ascii('I'))`,
      // Reads to the end of the record at which the transaction's commit begins.
      [name, stream.connector.config["publication.name"], formatLsn(lsn), String(xid), formatLsn(commitLsn + 1n)],
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

async function onCopy<T>(
  endpoint: PostgresEndpoint,
  { slot: { node, slot } }: OutboxStream,
  position: StreamPosition | undefined,
  work: (client: Client, copy: SlotCopy) => Promise<T>,
): Promise<T> {
  const client = await connect({ ...endpoint, host: node.host, port: node.port });
  try {
    return await onSlotCopy(client, slot, position, (copy) => work(client, copy));
  } finally {
    await client.end();
  }
}

function eventOf({ message, relation, lsn, bytes }: StreamedRow, config: ConnectorConfig): StreamedEvent {
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
