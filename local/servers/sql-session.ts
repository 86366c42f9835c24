import { Client } from "pg";
import type { Login } from "../../architecture/endpoints";

/** A superuser of a server that this machine runs. */
export interface Admin extends Login {
  readonly host: string;
  readonly port: number;
}

/** Runs `work` on one connection and closes it whatever happens. */
export async function withSession<T>(admin: Admin, database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const { host, port, user, password } = admin;
  const client = new Client({ host, port, user, password, database, connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether the query finds a row. */
export async function finds(client: Client, sql: string, values: readonly unknown[]): Promise<boolean> {
  const { rowCount } = await client.query(sql, [...values]);
  return (rowCount ?? 0) > 0;
}
