import type { Client } from "pg";
import type { Problem } from "../../common/problem";
import { formatLsn, parseLsn, type StreamPosition } from "../connect/stream-position";
import { errorCode, problemsFrom, sqlState } from "../postgres/postgres-connection";
import { readerOf } from "../postgres/sql-statements";

/** Temporary copy of a slot. The slot itself stays where it is, and may be in use. */
export interface SlotCopy {
  readonly name: string;
  /** Position that the slot has confirmed. */
  readonly confirmed: bigint;
}

/**
 * Reads the log through a copy of the slot, which is dropped afterwards, at the latest with the connection.
 *
 * @param position how far its connector has sent, if that is more than the slot has confirmed
 * @throws Problems if the node has no free slot, or the login may not copy one
 */
export async function onSlotCopy<T>(
  client: Client,
  slot: string,
  position: StreamPosition | undefined,
  look: (copy: SlotCopy) => Promise<T>,
): Promise<T> {
  const copy = await copySlot(client, slot);
  try {
    if (position && position.commitLsn > copy.confirmed) {
      await client.query("SELECT pg_replication_slot_advance($1, $2)", [copy.name, formatLsn(position.commitLsn)]);
    }
    return await look(copy);
  } finally {
    await client.query("SELECT pg_drop_replication_slot($1)", [copy.name]).catch(() => {});
  }
}

async function copySlot(client: Client, slot: string): Promise<SlotCopy> {
  try {
    const { rows } = await client.query<{ name: string }>(
      "SELECT slot_name AS name FROM pg_copy_logical_replication_slot($1, 'tenantry_look_' || pg_backend_pid(), true)",
      [slot],
    );
    const name = rows[0]?.name ?? "";
    const found = await client.query<{ confirmed: string }>(
      "SELECT confirmed_flush_lsn::text AS confirmed FROM pg_replication_slots WHERE slot_name = $1",
      [name],
    );
    return { name, confirmed: parseLsn(found.rows[0]?.confirmed ?? "") };
  } catch (error) {
    throw await explainNoSlot(client, error, `to look into slot ${slot}`);
  }
}

/** Explains why PostgreSQL creates no slot, if the cause is known; returns other errors unchanged. */
export async function explainNoSlot(client: Client, error: unknown, purpose: string): Promise<unknown> {
  switch (errorCode(error)) {
    case sqlState.configurationLimitExceeded:
      return problemsFrom(await noFreeSlot(client, purpose), error);
    case sqlState.insufficientPrivilege:
      return problemsFrom(mayNot(purpose, client.user, error), error);
    default:
      return error;
  }
}

async function noFreeSlot(client: Client, purpose: string): Promise<Problem> {
  const [used] = await readerOf(client)<{ most: string; idle: string | null }>(
    `SELECT current_setting('max_replication_slots') AS most,
       string_agg(slot_name, ', ' ORDER BY slot_name) FILTER (WHERE NOT active) AS idle FROM pg_replication_slots`,
  );
  return {
    what: `PostgreSQL at ${client.host}:${client.port} has no free replication slot ${purpose}`,
    got: `all ${used?.most} in use; without a reader: ${used?.idle ?? "none"}`,
    expected: "one that is free",
    fix: "drop a slot that nobody needs (SELECT pg_drop_replication_slot(NAME)), or raise max_replication_slots and restart the server; then run again",
  };
}

function mayNot(purpose: string, user: string | undefined, error: unknown): Problem {
  return {
    what: `"${user}" may not create a replication slot ${purpose}`,
    got: error instanceof Error ? error.message : String(error),
    expected: "the attribute REPLICATION, or a superuser",
    fix: `ALTER ROLE "${user}" REPLICATION, or grant what a managed server has instead; then run again`,
  };
}
