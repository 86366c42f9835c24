import type { Client } from "pg";
import { isServerError, problemsFrom } from "./postgres-connection";
import type { Statement } from "./sql-statements";
import { type Reader, readerOf, runStatements } from "./sql-statements";

/**
 * What a transaction begins with. LOCAL, so that they also reach Citus' workers where `citus.propagate_set_commands` is 'local'. Citus keeps to one
 * connection a node: else it refuses a foreign key to a reference table, once the transaction has used several at once.
 * PostgreSQL without Citus takes that setting for anybody's own.
 */
export const transactionSettings =
  "SET LOCAL lock_timeout = '5s'; SET LOCAL citus.multi_shard_modify_mode = 'sequential'";

const begin = `BEGIN; ${transactionSettings}`;

/**
 * Runs `work` in a transaction that begins with a look, and commits. Ends with Problems where the connection breaks at the
 * commit, and with an error where a statement failed and `work` went on.
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
 * Runs in a transaction what `plan` makes of a look, and looks again. The commit travels behind the statements without
 * waiting for their answers: where one of them fails, PostgreSQL rolls back instead.
 *
 * @param sent called when nothing of the transaction is left to send, so that the next one may be
 * @param readLater reads what the second look asks for only then
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
  // The first of them that fails says why the others do.
  const [ran, committed] = await Promise.allSettled([running, committing, looking]);
  if (ran.status === "rejected") throw ran.reason;
  if (committed.status === "rejected") throw committed.reason;
  return looking;
}

async function beginWith<Found>(client: Client, look: (read: Reader) => Promise<Found>): Promise<Found> {
  gather(client);
  const begun = client.query(begin);
  const looking = look(readerOf(client));
  // Where the beginning failed, its error says why; a look outside a transaction does no harm, work would.
  looking.catch(() => {});
  await begun;
  return looking;
}

/** What is sent in this turn travels in one packet, as each would wake the server for itself. */
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
  // PostgreSQL answers so where a statement failed and its error was caught on the way.
  if (command !== "COMMIT") throw new Error("the transaction was rolled back, as one of its statements had failed");
}
