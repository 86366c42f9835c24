import { Client, type ClientBase } from "pg";
import { addressOf, type Login } from "../architecture/endpoints";
import { formatAddress } from "../common/address";
import { clientConfig, isServerError, type Server, sqlState } from "../provider/postgres/postgres-connection";

/**
 * Runs `work` in a session of an application's role, with the role's own settings. If the session breaks, the error
 * names its role. Errors of `work` and of the server pass unchanged.
 */
export async function withLogin<T>(
  server: Server,
  { user, password }: Login,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client(clientConfig({ ...server, user, password }));
  // A connection that breaks while idle fails the next query, and not the whole process.
  client.on("error", () => {});
  try {
    await client.connect();
    return await work(client).catch(async (error: unknown) => {
      if (await isConnected(client)) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`the connection of ${user} to ${formatAddress(addressOf(server))} broke: ${message}`, {
        cause: error,
      });
    });
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * True if the connection works, even in a failed transaction. It reads the SQLSTATE, because the server translates
 * the severity.
 */
export async function isConnected(client: ClientBase): Promise<boolean> {
  return client.query("SELECT").then(
    () => true,
    (error: unknown) => isServerError(error) && error.code === sqlState.failedTransaction,
  );
}
