import { Client, type ClientBase } from "pg";
import { addressOf, type Login } from "../architecture/endpoints";
import { formatAddress } from "../common/address";
import { clientConfig, isServerError, type Server, sqlState } from "../provider/postgres/postgres-connection";

/**
 * Runs `work` in a session as an application has it, with whatever settings its role starts with. Where the session
 * breaks, the error says whose it was; what `work` and the server throw stays what it is.
 */
export async function withLogin<T>(
  server: Server,
  { user, password }: Login,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client(clientConfig({ ...server, user, password }));
  // A connection that breaks while nothing runs on it fails what is asked next, and not the whole process.
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

/** Whether the server still answers there, be it that the transaction has failed. The severity comes in its language. */
export async function isConnected(client: ClientBase): Promise<boolean> {
  return client.query("SELECT").then(
    () => true,
    (error: unknown) => isServerError(error) && error.code === sqlState.failedTransaction,
  );
}
