import type { Client } from "pg";
import { isServerError, problemsFrom } from "./postgres-connection";
import { type Reader, readerOf } from "./statements";

/**
 * LOCAL, so that they also reach Citus' workers where `citus.propagate_set_commands` is 'local'. Citus keeps to one
 * connection a node: else it refuses a foreign key to a reference table, once the transaction has used several at once.
 * PostgreSQL without Citus takes that setting for anybody's own.
 */
const begin = "BEGIN; SET LOCAL lock_timeout = '5s'; SET LOCAL citus.multi_shard_modify_mode = 'sequential'";

/**
 * Runs `work` in a transaction that begins with a look, and commits. Ends with Problems where the connection breaks at the
 * commit, and with an error where a statement failed and `work` went on.
 */
export async function inTransaction<Found, T>(
  client: Client,
  look: (read: Reader) => Promise<Found>,
  work: (client: Client, found: Found) => Promise<T>,
): Promise<T> {
  let result: T;
  try {
    const begun = client.query(begin);
    const looking = look(readerOf(client));
    // Where the beginning failed, its error says why; a look outside a transaction does no harm, work would.
    looking.catch(() => {});
    await begun;
    result = await work(client, await looking);
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
  await commit(client);
  return result;
}

async function commit(client: Client): Promise<void> {
  let command: string;
  try {
    command = (await client.query("COMMIT")).command;
  } catch (error) {
    if (isServerError(error)) throw error;
    throw problemsFrom(
      {
        what: "The connection broke while a transaction committed, so nobody knows whether it did",
        got: error instanceof Error ? error.message : String(error),
        fix: "run it again: it looks at what is there and does the rest",
      },
      error,
    );
  }
  // PostgreSQL answers so where a statement failed and its error was caught on the way.
  if (command !== "COMMIT") throw new Error("the transaction was rolled back, as one of its statements had failed");
}
