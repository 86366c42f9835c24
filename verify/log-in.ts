import { Client } from "pg";
import type { Login } from "../architecture/endpoints";
import { clientConfig, type Server } from "../provider/postgres-connection";

/** A session as an application has it, with whatever settings its role starts with. */
export async function logIn(server: Server, { user, password }: Login): Promise<Client> {
  const client = new Client(clientConfig({ ...server, user, password }));
  // A connection that breaks while nothing runs on it fails what is asked next, and not the whole process.
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}
