import { Client } from "pg";
import type { Login } from "../../architecture/endpoints";

/** A superuser of an embedded server. */
export interface Admin extends Login {
  readonly host: string;
  readonly port: number;
}

/** Runs `work` on one connection, and closes the connection even after an error. */
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

/** True if the query returns a row. */
export async function finds(client: Client, sql: string, values: readonly unknown[]): Promise<boolean> {
  const { rowCount } = await client.query(sql, [...values]);
  return (rowCount ?? 0) > 0;
}
