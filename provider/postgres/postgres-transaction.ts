import type { Client } from "pg";
import { isServerError, problemsFrom } from "./postgres-connection";
import type { Statement } from "./sql-statements";
import { type Reader, readerOf, runStatements } from "./sql-statements";

/**
 * Start of each transaction. The settings are LOCAL, so that they also reach Citus' workers where
 * `citus.propagate_set_commands` is 'local'. Citus is limited to one connection a node, because it refuses a foreign
 * key to a reference table once the transaction has used several. PostgreSQL without Citus accepts the setting as a
 * custom one.
 */
export const transactionSettings =
  "SET LOCAL lock_timeout = '5s'; SET LOCAL citus.multi_shard_modify_mode = 'sequential'";

const begin = `BEGIN; ${transactionSettings}`;

/**
 * Runs `work` in a transaction that starts with a read, and commits. @throws Problems if the connection breaks at the
 * commit, and an error if a statement failed but `work` went on
 */
export async function inTransaction<Found, T>(
  client: Client,
  look: (read: Reader) => Promise<Found>,
  work: (client: Client, found: Found) => Promise<T>,
): Promise<T> {
  const result = await rolledBackIfItFails(client, async () => work(client, await beginWith(client, look)));
  await commit(client);
  return result;
}

/**
 * Reads, runs the statements that `plan` returns, and reads again, in one transaction. COMMIT is sent behind the
 * statements without waiting for their answers: if one fails, PostgreSQL rolls back instead.
 *
 * @param sent called when everything is sent, so that the next transaction may follow
 * @param readLater reads what is needed only by the second read
 */
export async function settleInTransaction<Found>(
  client: Client,
  look: (read: Reader) => Promise<Found>,
  plan: (found: Found) => readonly Statement[],
  { sent, readLater }: { readonly sent: () => void; readonly readLater: Reader },
): Promise<Found> {
  const { found, statements } = await rolledBackIfItFails(client, async () => {
    const found = await beginWith(client, look);
    return { found, statements: plan(found) };
  });
  if (statements.length === 0) {
    const committing = commit(client);
    sent();
    await committing;
    return found;
  }
  gather(client);
  const running = runStatements(client, statements);
  let read = readerOf(client);
  const looking = look((sql, values) => read(sql, values));
  const committing = commit(client);
  read = async (sql, values) => {
    await committing;
    return readLater(sql, values);
  };
  sent();
  // The first error is the reason for the others.
  const [ran, committed] = await Promise.allSettled([running, committing, looking]);
  if (ran.status === "rejected") throw ran.reason;
  if (committed.status === "rejected") throw committed.reason;
  return looking;
}

async function beginWith<Found>(client: Client, look: (read: Reader) => Promise<Found>): Promise<Found> {
  gather(client);
  const begun = client.query(begin);
  const looking = look(readerOf(client));
  // If BEGIN failed, its error is the reason. A read outside a transaction does no harm, but `work` would.
  looking.catch(() => {});
  await begun;
  return looking;
}

/** Sends everything of this turn in one packet, because each packet wakes the server. */
function gather({ connection: { stream } }: Client): void {
  stream.cork();
  process.nextTick(() => stream.uncork());
}

async function rolledBackIfItFails<T>(client: Client, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
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
  // PostgreSQL answers ROLLBACK if a statement failed and its error was caught.
  if (command !== "COMMIT") throw new Error("the transaction was rolled back, as one of its statements had failed");
}
