import type { Client } from "pg";
import type { Application, ColdLimits, TenantType } from "../../architecture/application";
import { eventsSchema } from "../../architecture/application-names";
import { coldRequest, coldTables } from "../../architecture/data-plane/cold-requests";
import { hasOutbox } from "../../architecture/data-plane/outbox-table";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import { reachesWorkers, seesAllRows } from "../../provider/postgres/hidden-rows";
import { type AgingTable, agingTablesOf } from "../aging-tables";

/** The requests of one application: in the models with parts, of one tenant. */
export interface RequestPlace {
  /** Schema of the requests, and of what is restored. */
  readonly schema: string;
  readonly column: string;
  readonly type: TenantType;
  /** The only tenant of the place. @default any */
  readonly onlyTenant?: string;
  readonly hasOutbox: boolean;
  readonly tables: readonly AgingTable[];
  readonly limits: ColdLimits;
}

/** The places of requests of an application; none where no row becomes cold. */
export function requestPlacesOf(application: Application): RequestPlace[] {
  const { tenant, scope, cold } = application;
  if ((scope?.model === "schema" && !scope.tenant) || coldTables(application).length === 0) return [];
  return [
    {
      schema: eventsSchema(application),
      column: tenant.column,
      type: tenant.type,
      ...(scope?.tenant && { onlyTenant: scope.tenant.id }),
      hasOutbox: hasOutbox(application),
      tables: agingTablesOf(application),
      limits: cold,
    },
  ];
}

type RequestState = "asked" | "fetching" | "ready" | "failed" | "cancelled" | "expired";

/** A request and what became of it. Times are PostgreSQL's text, which has no gap. */
export interface ColdRequest {
  readonly tenant: string;
  readonly id: string;
  readonly table: string;
  readonly from: string;
  readonly until: string;
  readonly form: "rows" | "files";
  readonly isCancelled: boolean;
  readonly isExpired: boolean;
  /** True if the event that it was asked is written. */
  readonly isTold: boolean;
  readonly state: RequestState;
  readonly files: number;
  readonly filesDone: number;
  readonly bytes: number;
  readonly bytesDone: number;
  readonly rowsDone: number;
  readonly checksum: string;
  readonly reason: string | null;
  readonly askedAt: Date;
  readonly expiresAt: Date | null;
}

export function requestTable({ schema }: RequestPlace): string {
  return quoteQualified(schema, coldRequest.request);
}

export function retrievalTable({ schema }: RequestPlace): string {
  return quoteQualified(schema, coldRequest.retrieval);
}

/** True if `up` has made the requests' tables for this application. */
export async function hasRequests(client: Client, place: RequestPlace): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>("SELECT to_regclass($1) IS NOT NULL AS found", [
    retrievalTable(place),
  ]);
  return rows[0]?.found ?? false;
}

/** Reads requests, the oldest first: all of them, those with work to do, or one. */
export async function readRequests(
  client: Client,
  place: RequestPlace,
  which: "all" | "open" | { readonly id: string },
): Promise<readonly ColdRequest[]> {
  const column = quoteIdentifier(place.column);
  // A cancelled request that nobody has taken needs no work.
  const isOpen = `((got.state IS NULL AND asked.cancelled_at IS NULL) OR got.state = 'fetching'
    OR (got.state = 'ready' AND (got.expires_at <= now() OR asked.cancelled_at IS NOT NULL)))`;
  const condition = which === "all" ? "true" : which === "open" ? isOpen : "asked.id = $1";
  const values = typeof which === "object" ? [which.id] : [];
  return inTransaction(client, async () => {
    await client.query(`SET LOCAL ${seesAllRows}`);
    const { rows } = await client.query(
      `SELECT asked.${column}::text AS tenant, asked.id, coalesce(got.table_name, asked.table_name) AS table,
         coalesce(got.from_time, asked.from_time)::text AS from, coalesce(got.until_time, asked.until_time)::text AS until,
         coalesce(got.form, asked.form) AS form, asked.cancelled_at IS NOT NULL AS "isCancelled",
         coalesce(got.expires_at <= now(), false) AS "isExpired", asked.event_id IS NOT NULL AS "isTold",
         coalesce(got.state, CASE WHEN asked.cancelled_at IS NULL THEN 'asked' ELSE 'cancelled' END) AS state,
         coalesce(got.files, 0) AS files, coalesce(got.files_done, 0) AS "filesDone", coalesce(got.bytes, 0)::float8 AS bytes,
         coalesce(got.bytes_done, 0)::float8 AS "bytesDone", coalesce(got.rows_done, 0)::float8 AS "rowsDone",
         coalesce(got.checksum, 0)::text AS checksum, got.reason, asked.asked_at AS "askedAt", got.expires_at AS "expiresAt"
       FROM ${requestTable(place)} AS asked
       LEFT JOIN ${retrievalTable(place)} AS got ON got.${column} = asked.${column} AND got.request_id = asked.id
       WHERE ${condition} ORDER BY asked.asked_at, asked.id`,
      values,
    );
    return rows as ColdRequest[];
  });
}

/** Cancels a request for its tenant. False if there is none that is open. */
export async function cancelRequest(client: Client, place: RequestPlace, id: string): Promise<boolean> {
  const [request] = isUuid.test(id) ? await readRequests(client, place, { id }) : [];
  if (!request || request.isCancelled || !["asked", "fetching", "ready"].includes(request.state)) return false;
  return asTenant(client, request.tenant, async () => {
    const { rows } = await client.query<{ done: boolean }>(
      `SELECT ${quoteQualified(place.schema, "cancel_cold")}($1, $2) AS done`,
      [request.tenant, id],
    );
    return rows[0]?.done ?? false;
  });
}

const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Runs `work` in a transaction. SET LOCAL travels to Citus' workers, which check the rows' policies themselves. */
export async function inTransaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query("BEGIN");
  try {
    await client.query(reachesWorkers);
    await client.query("SET LOCAL citus.multi_shard_modify_mode = 'sequential'");
    const result = await work();
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

/** The same as a tenant, so that row level security lets the owner write the tenant's rows. */
export function asTenant<T>(client: Client, tenant: string, work: () => Promise<T>): Promise<T> {
  return inTransaction(client, async () => {
    await client.query("SELECT tenantry.set_tenant($1)", [tenant]);
    return work();
  });
}
