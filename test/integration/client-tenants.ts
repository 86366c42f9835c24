import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import type { ClientBase, Pool } from "pg";
import { type TenantClient, withTenant } from "../../client";
import { type ClientDatabase, clientDatabase } from "./client-database";

/** Two tenants of the client's database, and what they do there. */
export interface ClientTenants {
  readonly database: ClientDatabase;
  readonly acme: string;
  readonly globex: string;
  /** Of one connection. */
  readonly pool: Pool;
  /** Another one, of two. */
  readonly two: Pool;
  /** On the pool of one connection. */
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

/** All that are seen. */
export async function notes(client: Pick<ClientBase, "query">): Promise<string[]> {
  return (await client.query<{ text: string }>("SELECT text FROM shop.notes ORDER BY text")).rows.map(
    ({ text }) => text,
  );
}

/** What an event is about. */
export const placed = { aggregateType: "order", aggregateId: "o-1", type: "OrderPlaced" };
