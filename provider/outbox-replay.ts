import { outbox } from "../architecture/outbox";
import { type Problem } from "../architecture/problem";
import { awaitStopped } from "./connector-health";
import type { Context } from "./context";
import { errorCode, sqlState } from "./postgres-connection";
import { quoteTable } from "./tables";

/** The opt-in in the stack's `tenantry:allow`. */
export function replayOptIn(connector: string): string {
  return `replay ${connector}`;
}

/**
 * Sends every retained event again, with its id, and lets the connector go on behind the gap.
 *
 * Rows are deleted and inserted again in one transaction: the publication has inserts only, so each node's own slot sends
 * its own rows. A snapshot by Debezium would read as a role that row security shows nothing, and on Citus every node's
 * connector would send everybody's rows.
 *
 * The offsets go last: killed before, the next run finds the gap again; without offsets, Debezium starts where the slot does.
 */
export async function replayOutbox(context: Context, connector: string): Promise<void> {
  const { connect, database } = context;
  const table = quoteTable(outbox);
  const count = await database.transaction(async (client) => {
    await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    // Row security that hid rows would lose them: rather an error.
    await client.query("SET LOCAL row_security = off");
    await client.query(`CREATE TEMP TABLE replayed ON COMMIT DROP AS SELECT * FROM ${table}`);
    await client.query(`DELETE FROM ${table}`);
    return (await client.query(`INSERT INTO ${table} SELECT * FROM replayed`)).rowCount ?? 0;
  });
  context.warn(`${connector}: ${count} retained events are sent again; consumers know those they have by their id`);
  await connect.stop(connector);
  await awaitStopped(context, connector);
  await connect.deleteOffsets(connector);
  await connect.resume(connector);
}

/**
 * Whether a replay would send nothing. Of a connector that the stack did not know it needs nobody's consent then: the
 * position is that in a log which went with its database. False also where there is no outbox, or its rows can't be seen.
 */
export async function hasNothingToReplay({ database }: Context): Promise<boolean> {
  const [found] = await database.query("SELECT WHERE to_regclass($1) IS NOT NULL", [quoteTable(outbox)]);
  if (!found) return false;
  return database
    .transaction(async (client) => {
      await client.query("SET LOCAL row_security = off");
      return (await client.query(`SELECT FROM ${quoteTable(outbox)} LIMIT 1`)).rowCount === 0;
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
