import type { Client } from "pg";
import { coldAggregate } from "../../architecture/defaults";
import { formatDuration } from "../../common/duration";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import { type ColdRequest, type RequestPlace, requestTable, retrievalTable } from "./cold-request";
import { type RetrievalFailure, refused } from "./retrieval-failure";
import type { WantedFile } from "./wanted-files";

/** Changes of a request's state. Each runs in the tenant's transaction, and writes its event in the same. */

/** Takes a request: from now on its retrieval counts, not what the tenant's roles may write. */
export async function take(
  client: Client,
  place: RequestPlace,
  request: ColdRequest,
  files: readonly WantedFile[],
): Promise<void> {
  if (!request.isTold) await tell(client, place, request, "ColdRequestAsked", asked(request));
  await client.query(
    `INSERT INTO ${retrievalTable(place)} (${quoteIdentifier(place.column)}, request_id, state, table_name, from_time, until_time, form,
       files, bytes, rows) VALUES ($1, $2, 'fetching', $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...[request.tenant, request.id, request.table, request.from, request.until, request.form],
      ...[files.length, sum(files, "bytes"), sum(files, "rows")],
    ],
  );
}

/** @throws RetrievalFailure if the tenant has asked for more than it may */
export async function requireQuota(
  client: Client,
  place: RequestPlace,
  request: ColdRequest,
  files: readonly WantedFile[],
): Promise<void> {
  const { limits } = place;
  const column = quoteIdentifier(place.column);
  const { rows } = await client.query<{ open: number; rows: number; bytes: number }>(
    `SELECT count(*) FILTER (WHERE got.state = 'fetching' OR (got.state = 'ready' AND asked.cancelled_at IS NULL))::int AS open,
       coalesce(sum(got.rows) FILTER (WHERE recent), 0)::float8 AS rows, coalesce(sum(got.bytes) FILTER (WHERE recent), 0)::float8 AS bytes
     FROM (SELECT *, state <> 'failed' AND taken_at > now() - interval '24 hours' AS recent FROM ${retrievalTable(place)}
       WHERE ${column} = $1 AND request_id <> $2) AS got
     LEFT JOIN ${requestTable(place)} AS asked ON asked.${column} = $1 AND asked.id = got.request_id`,
    [request.tenant, request.id],
  );
  const used = rows[0] ?? { open: 0, rows: 0, bytes: 0 };
  const [wantedRows, wantedBytes] = [sum(files, "rows"), sum(files, "bytes")];
  if (used.open >= limits.openRequests) {
    throw refused(
      `the tenant has ${used.open} open requests for cold rows, and may have ${limits.openRequests}`,
      "cancel one that is no longer needed, or raise cold.openRequests in architecture.yaml",
    );
  }
  if (request.form === "rows" && used.rows + wantedRows > limits.rowsPerDay) {
    throw refused(
      `the request has up to ${wantedRows} rows, and the tenant has ${Math.max(0, limits.rowsPerDay - used.rows)} left of ${limits.rowsPerDay} in 24 hours`,
      "ask for a shorter time, or later, or raise cold.rowsPerDay in architecture.yaml",
    );
  }
  if (used.bytes + wantedBytes > limits.bytesPerDay.bytes) {
    throw refused(
      `the request has ${wantedBytes} bytes of files, and the tenant has ${Math.max(0, limits.bytesPerDay.bytes - used.bytes)} left of ${limits.bytesPerDay.bytes} in 24 hours`,
      "ask for a shorter time, or later, or raise cold.bytesPerDay in architecture.yaml",
    );
  }
}

/** Records a file that is done, in the transaction that wrote its rows. */
export async function progress(
  client: Client,
  place: RequestPlace,
  request: ColdRequest,
  done: { readonly bytes: number; readonly rows: number; readonly checksum: string },
): Promise<void> {
  await client.query(
    `UPDATE ${retrievalTable(place)} SET files_done = files_done + 1, bytes_done = bytes_done + $3, rows_done = rows_done + $4,
       checksum = checksum + $5, changed_at = now() WHERE ${isRequest(place)}`,
    [request.tenant, request.id, done.bytes, done.rows, done.checksum],
  );
}

/** Begins again from the first file. */
export async function restart(
  client: Client,
  place: RequestPlace,
  request: ColdRequest,
  files: readonly WantedFile[],
): Promise<void> {
  await client.query(
    `UPDATE ${retrievalTable(place)} SET files = $3, bytes = $4, rows = $5, files_done = 0, bytes_done = 0, rows_done = 0, checksum = 0,
       changed_at = now() WHERE ${isRequest(place)}`,
    [request.tenant, request.id, files.length, sum(files, "bytes"), sum(files, "rows")],
  );
}

export async function ready(
  client: Client,
  place: RequestPlace,
  request: ColdRequest,
  relations: readonly string[],
): Promise<void> {
  await client.query(
    `UPDATE ${retrievalTable(place)} SET state = 'ready', relations = $3, expires_at = now() + $4::interval, changed_at = now()
     WHERE ${isRequest(place)}`,
    [request.tenant, request.id, relations, formatDuration(place.limits.keep)],
  );
  await tell(client, place, request, "ColdRequestReady", { ...asked(request), relations });
}

export async function failed(
  client: Client,
  place: RequestPlace,
  request: ColdRequest,
  failure: RetrievalFailure,
): Promise<void> {
  if (request.state === "asked") await take(client, place, request, []);
  await client.query(
    `UPDATE ${retrievalTable(place)} SET state = 'failed', reason = $3, changed_at = now() WHERE ${isRequest(place)}`,
    [request.tenant, request.id, failure.reason],
  );
  await client.query(
    `INSERT INTO tenantry.cold_request_failure (request_id, tenant, error) VALUES ($1, $2, $3)
     ON CONFLICT (request_id) DO UPDATE SET error = excluded.error, failed_at = now()`,
    [request.id, request.tenant, failure.message],
  );
  await tell(client, place, request, "ColdRequestFailed", { ...asked(request), reason: failure.reason });
}

/** Ends a request whose result is dropped: it has expired, or the tenant has cancelled it. */
export async function ended(
  client: Client,
  place: RequestPlace,
  request: ColdRequest,
  state: "expired" | "cancelled",
): Promise<void> {
  await client.query(
    `UPDATE ${retrievalTable(place)} SET state = $3, relations = '{}', changed_at = now() WHERE ${isRequest(place)}`,
    [request.tenant, request.id, state],
  );
  if (state === "expired") await tell(client, place, request, "ColdRequestExpired", asked(request));
}

/** How long requests that have ended are remembered. */
const remembered = "30 days";

/** Forgets requests that ended long ago. */
export async function forgetEnded(client: Client, place: RequestPlace): Promise<void> {
  const column = quoteIdentifier(place.column);
  const { rows } = await client.query<{ tenant: string; id: string }>(
    `SELECT asked.${column}::text AS tenant, asked.id FROM ${requestTable(place)} AS asked
     LEFT JOIN ${retrievalTable(place)} AS got ON got.${column} = asked.${column} AND got.request_id = asked.id
     WHERE coalesce(got.changed_at, asked.cancelled_at) < now() - interval '${remembered}'
       AND coalesce(got.state, 'cancelled') IN ('failed', 'cancelled', 'expired')`,
  );
  for (const { tenant, id } of rows) {
    await client.query(`DELETE FROM ${retrievalTable(place)} WHERE ${isRequest(place)}`, [tenant, id]);
    await client.query(`DELETE FROM ${requestTable(place)} WHERE ${column} = $1 AND id = $2`, [tenant, id]);
    await client.query("DELETE FROM tenantry.cold_request_failure WHERE request_id = $1", [id]);
  }
}

async function tell(client: Client, place: RequestPlace, request: ColdRequest, type: string, payload: object) {
  if (!place.hasOutbox) return;
  await client.query(`SELECT ${quoteQualified(place.schema, "emit")}($1, $2, $3, $4, $5)`, [
    ...[request.tenant, coldAggregate, request.id, type, JSON.stringify(payload)],
  ]);
}

function asked({ id, table, from, until, form }: ColdRequest) {
  return { request: id, table, from, until, form };
}

function isRequest({ column }: RequestPlace): string {
  return `${quoteIdentifier(column)} = $1 AND request_id = $2`;
}

function sum(files: readonly WantedFile[], what: "rows" | "bytes"): number {
  return files.reduce((total, file) => total + file[what], 0);
}
