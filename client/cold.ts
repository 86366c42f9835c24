import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { TenantryError } from "./errors";
import { type TenantClient, transactionOf } from "./transaction";
import { withTenant } from "./with-tenant";

export interface ColdRange {
  /** One of the tables with a cold tier: `orders`. */
  readonly table: string;
  readonly from: Date;
  /** The end, which is not part of the range. */
  readonly until: Date;
  /**
   * `rows` restores the rows into a table; `files` makes a table of links to the Parquet files, where the store is a
   * bucket. @default "rows"
   */
  readonly form?: "rows" | "files";
}

export interface ColdStatus {
  readonly state: "asked" | "fetching" | "ready" | "failed" | "cancelled" | "expired";
  readonly files: number;
  readonly filesDone: number;
  readonly bytes: number;
  readonly bytesDone: number;
  readonly rowsDone: number;
  /** Tables with the result while it is ready, quoted for SQL. More than one if the table's columns have changed since. */
  readonly relations: readonly string[];
  /** The reason of a failure. */
  readonly reason?: string;
  readonly expiresAt?: Date;
}

/** A request for cold rows failed, or ended before its rows were read. */
export class ColdRequestError extends TenantryError {}

/**
 * Asks for the tenant's cold rows, in the tenant's transaction. Returns the request's id at once; a worker fetches the rows
 * after the commit. The event `ColdRequestReady` of the aggregate `cold_request` tells that they are there.
 *
 * @throws PostgreSQL's error if the tenant has as many open requests as it may, or the role may not read the table
 *
 * @example
 * const id = await withTenant(pool, tenant, (client) =>
 *   requestCold(client, { table: "orders", from: new Date("2024-01-01Z"), until: new Date("2024-02-01Z") }),
 * );
 */
export async function requestCold(
  client: TenantClient,
  { table, from, until, form = "rows" }: ColdRange,
): Promise<string> {
  const { tenant } = transactionOf(client, "requestCold");
  const { rows } = await client.query<{ id: string }>("SELECT tenantry.request_cold($1, $2, $3, $4, $5) AS id", [
    ...[tenant, table, from, until, form],
  ]);
  return rows[0]?.id ?? "";
}

/** Cancels a request of the tenant, and returns whether it was open. The worker drops what it has restored. */
export async function cancelCold(client: TenantClient, id: string): Promise<boolean> {
  const { tenant } = transactionOf(client, "cancelCold");
  const { rows } = await client.query<{ done: boolean }>("SELECT tenantry.cancel_cold($1, $2) AS done", [tenant, id]);
  return rows[0]?.done ?? false;
}

/** Reads how far a request is; undefined if the tenant has none with this id. */
export async function coldRequest(client: TenantClient, id: string): Promise<ColdStatus | undefined> {
  const { tenant } = transactionOf(client, "coldRequest");
  const { rows } = await client.query<{
    state: ColdStatus["state"];
    files: number;
    files_done: number;
    bytes: string;
    bytes_done: string;
    rows_done: string;
    relations: string[];
    reason: string | null;
    expires_at: Date | null;
  }>("SELECT * FROM tenantry.cold_status($1, $2)", [tenant, id]);
  const [found] = rows;
  if (!found) return undefined;
  return {
    state: found.state,
    files: found.files,
    filesDone: found.files_done,
    bytes: Number(found.bytes),
    bytesDone: Number(found.bytes_done),
    rowsDone: Number(found.rows_done),
    relations: found.relations,
    ...(found.reason !== null && { reason: found.reason }),
    ...(found.expires_at !== null && { expiresAt: found.expires_at }),
  };
}

export interface ReadColdOptions {
  /** Time to wait for the worker. @default 60,000 */
  readonly timeoutMs?: number;
  /** Time between two looks. @default 1,000 */
  readonly pollMs?: number;
}

/**
 * Waits until a request is ready, and runs `work` with its tables, in a transaction of the tenant. For a job or a consumer:
 * a web request should return the id, and let the user come back.
 *
 * @throws ColdRequestError if the request failed, was cancelled, has expired, or is not ready in time
 *
 * @example
 * const orders = await readCold(pool, tenant, id, async (client, [table]) =>
 *   (await client.query(`SELECT * FROM ${table} WHERE tenant_id = $1`, [client.tenant])).rows,
 * );
 */
export async function readCold<T>(
  pool: Pool,
  tenant: string,
  id: string,
  work: (client: TenantClient, relations: readonly string[]) => Promise<T>,
  { timeoutMs = 60_000, pollMs = 1_000 }: ReadColdOptions = {},
): Promise<T> {
  for (const deadline = Date.now() + timeoutMs; ; await sleep(pollMs)) {
    const outcome = await withTenant(pool, tenant, async (client) => {
      const status = await coldRequest(client, id);
      if (status?.state === "ready") return { value: await work(client, status.relations) };
      if (!status) throw new ColdRequestError(`The tenant has no request for cold rows ${id}`);
      if (status.state === "asked" || status.state === "fetching") return undefined;
      throw new ColdRequestError(`The request for cold rows ${id} is ${status.state}: ${status.reason ?? "ask again"}`);
    });
    if (outcome) return outcome.value;
    if (Date.now() >= deadline) {
      throw new ColdRequestError(
        `The request for cold rows ${id} is not ready after ${timeoutMs} ms: look again later, or see that a worker runs (tenantry lifecycle requests serve)`,
      );
    }
  }
}
