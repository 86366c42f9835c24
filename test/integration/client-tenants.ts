import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import type { ClientBase, Pool } from "pg";
import { type TenantClient, withTenant } from "../../client";
import { type ClientDatabase, clientDatabase } from "./client-database";

/** Two tenants of the client's database, and helpers that act for them. */
interface ClientTenants {
  readonly database: ClientDatabase;
  readonly acme: string;
  readonly globex: string;
  /** A pool of one connection. */
  readonly pool: Pool;
  /** Another pool, of two connections. */
  readonly two: Pool;
  /** Uses the pool of one connection. */
  asAcme<T>(work: (client: TenantClient) => Promise<T>): Promise<T>;
}

export async function clientTenants(t: TestContext): Promise<ClientTenants> {
  const database = await clientDatabase(t);
  const [acme, globex, pool, two] = [randomUUID(), randomUUID(), database.pool(1), database.pool(2)];
  return { database, acme, globex, pool, two, asAcme: (work) => withTenant(pool, acme, work) };
}

export async function note(client: TenantClient, text: string): Promise<void> {
  await client.query("INSERT INTO shop.notes VALUES ($1, $2)", [client.tenant, text]);
}

/** All visible rows. */
export async function notes(client: Pick<ClientBase, "query">): Promise<string[]> {
  return (await client.query<{ text: string }>("SELECT text FROM shop.notes ORDER BY text")).rows.map(
    ({ text }) => text,
  );
}

/** The aggregate and the type of a sample event. */
export const placed = { aggregateType: "order", aggregateId: "o-1", type: "OrderPlaced" };
