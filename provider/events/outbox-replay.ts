import type { Client } from "pg";
import { outbox } from "../../architecture/data-plane/outbox-table";
import { quoteQualified } from "../../common/identifier";
import { type Problem, Problems } from "../../common/problem";
import { awaitStopped } from "../connect/connector-health";
import { errorCode, sqlState } from "../postgres/postgres-connection";
import { type Reader, readerOf } from "../postgres/sql-statements";
import type { Context } from "../protocol/resource-context";

/** Opt-in in the stack's `tenantry:allow`. */
export function replayOptIn(connector: string): string {
  return `replay ${connector}`;
}

/**
 * Sends every retained event again, with its id, and lets the connector continue behind the gap.
 *
 * It deletes and inserts the rows in one transaction. The publication has inserts only, so each node's own slot sends
 * its own rows. A snapshot by Debezium would read as a role to which row security shows nothing, and on Citus every
 * node's connector would send all tenants' rows. Rows that the outbox would refuse today stay as they are: a record
 * that Kafka refused once would block all events again.
 *
 * The offsets are deleted last. If the run is killed before, the next one finds the gap again. Without offsets,
 * Debezium starts where the slot does.
 */
export async function replayOutbox(context: Context, connector: string): Promise<void> {
  const { connect, database, warn } = context;
  const tables = await readOutboxes(database.query.bind(database));
  if (tables.length === 0) throw new Problems([nothingPublished(connector)]);
  for (const table of tables) {
    await database.transaction((client) => openPartitions(readerOf(client), table));
    const { sent, kept } = await database.transaction((client) => writeAgain(client, table));
    warn(`${connector}: ${sent} retained events are sent again; consumers know those they have by their id`);
    if (kept.length > 0) warn(`${connector}: ${keptBack(table, kept)}`);
  }
  await connect.stop(connector);
  await awaitStopped(context, connector);
  await connect.deleteOffsets(connector);
  await connect.resume(connector);
}

function nothingPublished(connector: string): Problem {
  return {
    what: `Connector ${connector} can't be sent its events again: no outbox is published`,
    expected: `the publication "${outbox.publication}" with every outbox`,
    fix: "run `tenantry up --refresh`: it makes the Outbox's publication again, and then replays",
  };
}

/** Quoted names of the outboxes: the shared one, or each tenant's own. */
async function readOutboxes(read: Reader): Promise<readonly string[]> {
  const tables = await read<{ schema: string; table: string }>(
    'SELECT schemaname AS schema, tablename AS "table" FROM pg_publication_tables WHERE pubname = $1 ORDER BY 1, 2',
    [outbox.publication],
  );
  return tables.map(({ schema, table }) => quoteQualified(schema, table));
}

/**
 * Opens the closed partitions, because they accept no row. The rewritten rows lie behind the positions at which the
 * partitions closed, so these are deleted too; the next round of retention closes them again. It runs alone, because
 * Citus wants a change of tables before one of their rows.
 */
async function openPartitions(read: Reader, table: string): Promise<void> {
  const closed = await read<{ partition: string }>(
    `SELECT conrelid::regclass::text AS partition FROM pg_constraint JOIN pg_inherits ON inhrelid = conrelid
     WHERE inhparent = to_regclass($1) AND conname = 'partition_is_closed'`,
    [table],
  );
  for (const { partition } of closed) {
    await read(`ALTER TABLE ${partition} DROP CONSTRAINT partition_is_closed`);
    await read("DELETE FROM tenantry.closed_partition WHERE partition = $1::regclass", [partition]);
  }
}

/** Events of one aggregate that are not sent again. */
interface Kept {
  readonly aggregate: string;
  readonly count: number;
}

async function writeAgain(
  client: Client,
  table: string,
): Promise<{ readonly sent: number; readonly kept: readonly Kept[] }> {
  await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  // If row security hid rows, they would be lost. This makes it an error.
  await client.query("SET LOCAL row_security = off");
  const { rows: checks } = await client.query<{ expression: string }>(
    "SELECT pg_get_expr(conbin, conrelid) AS expression FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype = 'c'",
    [table],
  );
  const taken = ["true", ...checks.map(({ expression }) => `(${expression})`)].join(" AND ");
  const { rows: kept } = await client.query<Kept>(
    `SELECT aggregate_type AS aggregate, count(*)::int AS count FROM ${table} WHERE NOT (${taken}) GROUP BY 1 ORDER BY 1`,
  );
  await client.query(`CREATE TEMP TABLE replayed ON COMMIT DROP AS SELECT * FROM ${table} WHERE ${taken}`);
  await client.query(`DELETE FROM ${table} WHERE ${taken}`);
  const { rowCount } = await client.query(`INSERT INTO ${table} SELECT * FROM replayed`);
  return { sent: rowCount ?? 0, kept };
}

function keptBack(table: string, kept: readonly Kept[]): string {
  const counts = kept.map(({ aggregate, count }) => `${count} of "${aggregate}"`).join(", ");
  return (
    `${counts} stay in ${table} and are not sent, as it would refuse them today: the aggregate is no longer declared, or ` +
    "the event is larger than a bound. Declare the aggregate, or raise events.maxPayload, and replay once more"
  );
}

/**
 * True if a replay would send nothing. A new connector then needs no consent: its position belongs to a log that went
 * with its database. False also if there is no outbox, or its rows can't be seen.
 */
export async function hasNothingToReplay({ database }: Context): Promise<boolean> {
  const tables = await readOutboxes(database.query.bind(database));
  if (tables.length === 0) return false;
  return database
    .transaction(async (client) => {
      await client.query("SET LOCAL row_security = off");
      for (const table of tables) {
        if ((await client.query(`SELECT FROM ${table} LIMIT 1`)).rowCount !== 0) return false;
      }
      return true;
    })
    .catch((error: unknown) => {
      if (errorCode(error) === sqlState.insufficientPrivilege) return false;
      throw error;
    });
}

export function gapProblem(connector: string): Problem {
  return {
    what: `Connector ${connector} can't go on: its replication slot was dropped or lost and begins behind what was sent last`,
    expected: "every event since; those written in between may not have been sent",
    fix:
      `add \`${replayOptIn(connector)}\` to \`tenantry:allow\` and run \`tenantry up --refresh\`: it sends every event again that the ` +
      "outbox still has, and consumers ignore those they know by their id. Then remove it",
  };
}
