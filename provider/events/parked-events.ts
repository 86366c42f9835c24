import type { Client } from "pg";
import { createdColumn, outbox } from "../../architecture/data-plane/outbox-table";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import { Problems } from "../../common/problem";
import type { Reader } from "../postgres/sql-statements";

/** Outbox with its parked events: their schema, and the tenant column. */
export interface EventsPlace {
  readonly schema: string;
  readonly column: string;
}

/** Parked event, without its content. */
interface ParkedEvent {
  readonly id: string;
  readonly tenant: string;
  readonly aggregateType: string;
  readonly type: string;
  readonly bytes: number;
  readonly createdAt: Date;
  readonly reason: string;
  readonly parkedAt: Date;
  readonly parkedBy: string;
}

/** Values of one row of the outbox by column, as text. */
export type EventValues = Readonly<Record<string, string>>;

const table = "parked_events";
const carried = ["id", createdColumn.name, "aggregate_type", "aggregate_id", "type", "payload"] as const;

export async function listParked(read: Reader, { schema, column }: EventsPlace): Promise<readonly ParkedEvent[]> {
  const parked = quoteQualified(schema, table);
  const [there] = await read("SELECT WHERE to_regclass($1) IS NOT NULL", [parked]);
  if (!there) return [];
  return read<ParkedEvent>(
    `SELECT id::text, ${quoteIdentifier(column)}::text AS tenant, aggregate_type AS "aggregateType", type,
       octet_length(aggregate_id) + octet_length(payload::text) AS bytes, created_at AS "createdAt",
       reason, parked_at AS "parkedAt", parked_by AS "parkedBy"
     FROM ${parked} ORDER BY parked_at, id`,
  );
}

/** @throws Problems if the database has no table for parked events yet */
export async function isParked(read: Reader, { schema }: EventsPlace, id: string): Promise<boolean> {
  const parked = quoteQualified(schema, table);
  const [there] = await read("SELECT WHERE to_regclass($1) IS NOT NULL", [parked]);
  if (!there) throw new Problems([noPlace(parked)]);
  const rows = await read(`SELECT FROM ${parked} WHERE id = $1`, [id]);
  return rows.length > 0;
}

function noPlace(parked: string) {
  return {
    what: "This database has no place for parked events yet",
    got: `no table ${parked}`,
    fix: "run `tenantry up`, which makes it",
  };
}

export interface Parking {
  readonly reason: string;
  readonly by: string;
}

/** Stores the event as parked and deletes it from the outbox, in the open transaction. Repeating it changes nothing. */
export async function keepEvent(
  client: Client,
  { schema, column }: EventsPlace,
  values: EventValues,
  { reason, by }: Parking,
): Promise<void> {
  await client.query("SELECT tenantry.set_tenant($1)", [values[column]]);
  const columns = [column, ...carried].map(quoteIdentifier).join(", ");
  await client.query(
    `INSERT INTO ${quoteQualified(schema, table)} (${columns}, created_at, reason, parked_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, timestamptz 'epoch' + $3::bigint * interval '1 microsecond', $8, $9)
     ON CONFLICT DO NOTHING`,
    [values[column], ...carried.map((name) => values[name]), reason, by],
  );
  await removeEvent(client, { schema, column }, values);
}

/** Inserts the event again with its id, at the end of the stream. The outbox's bounds apply. */
export async function writeAgain(client: Client, { schema, column }: EventsPlace, values: EventValues): Promise<void> {
  await client.query("SELECT tenantry.set_tenant($1)", [values[column]]);
  await removeEvent(client, { schema, column }, values);
  const columns = [column, ...carried].map(quoteIdentifier).join(", ");
  await client.query(
    `INSERT INTO ${quoteQualified(schema, outbox.table)} (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [values[column], ...carried.map((name) => values[name])],
  );
}

async function removeEvent(client: Client, { schema, column }: EventsPlace, values: EventValues): Promise<void> {
  const where = `WHERE ${quoteIdentifier(column)} = $1 AND id = $2`;
  await client.query(`DELETE FROM ${quoteQualified(schema, outbox.table)} ${where}`, [values[column], values.id]);
}

/** Values of an event that is still in the outbox; undefined if it is not. */
export function findEvent(client: Client, place: EventsPlace, id: string): Promise<EventValues | undefined> {
  return find(client, place, outbox.table, id);
}

/** Moves a parked event back into the outbox, where its connector reads it. */
export async function sendParked(client: Client, place: EventsPlace, id: string): Promise<void> {
  const values = await find(client, place, table, id);
  if (!values) throw new Problems([notParked(place, id)]);
  await writeAgain(client, place, values);
  const { schema, column } = place;
  await client.query(`DELETE FROM ${quoteQualified(schema, table)} WHERE ${quoteIdentifier(column)} = $1 AND id = $2`, [
    values[column],
    id,
  ]);
}

async function find(
  client: Client,
  { schema, column }: EventsPlace,
  from: string,
  id: string,
): Promise<EventValues | undefined> {
  const columns = [column, ...carried].map((name) => `${quoteIdentifier(name)}::text`).join(", ");
  // If row security hid the row, it would look as if it did not exist.
  await client.query("SET LOCAL row_security = off");
  const { rows } = await client.query<EventValues>(
    `SELECT ${columns} FROM ${quoteQualified(schema, from)} WHERE id = $1`,
    [id],
  );
  await client.query("SET LOCAL row_security = on");
  return rows[0];
}

export function notParked({ schema }: EventsPlace, id: string) {
  return {
    what: "There is no such parked event",
    got: id,
    expected: `the id of a row of ${quoteQualified(schema, table)}`,
    fix: "see `tenantry events list`",
  };
}
