import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import type { Duration } from "../../common/duration";
import { quoteIdentifier } from "../../common/identifier";
import { quoteTable, type TableName } from "../../provider/postgres/live-tables";
import { runStatement } from "../../provider/postgres/sql-statements";
import type { Store } from "../../store/store";
import type { AgingTable } from "../aging-tables";
import { DuckDb } from "../export/duckdb";
import { asTenant, type ColdRequest, inTransaction, type RequestPlace, readRequests } from "./cold-request";
import { progress, ready, requireQuota, restart, take } from "./request-state";
import { copyRows, type Restored, readRestored, requireEqual } from "./restored-rows";
import { type Shape, shapesOf, sharedColumns } from "./restored-shape";
import { dropRestored, makeTable, openToReaders, readSource, restoredName, type SourceTable } from "./restored-table";
import { RetrievalFailure, refused } from "./retrieval-failure";
import { CheckedFiles, readWantedFiles, type WantedFile } from "./wanted-files";

export interface RetrievalContext {
  /** A connection that takes one query at a time. */
  readonly client: Client;
  readonly store: Store;
  readonly signal?: AbortSignal | undefined;
}

/** A link ends after 7 days at the latest, which is as long as signatures last. */
const longestLink: Duration = { count: 7, unit: "day" };

/**
 * Fetches what a request asks for, and hands it out. Each file is committed with the progress, so another worker goes on
 * behind the last one after a kill.
 *
 * @returns false if the tenant cancelled it meanwhile, or the signal stopped it
 */
export async function retrieve(context: RetrievalContext, place: RequestPlace, request: ColdRequest): Promise<boolean> {
  const table = place.tables.find((each) => each.table === request.table);
  if (!table) throw refused(`the table ${request.table} has no cold tier`, "ask for a table with a cold tier");
  const { client, store } = context;
  if (request.form === "files" && !store.signedUrl)
    throw refused(noLinks, "ask for rows, or use a bucket as the store");
  const files = await readWantedFiles(client, table, request);
  const source = await readSource(client, table);
  const shapes = shapesOf(source.columns, files);
  const job = { ...context, place, request, table, source };
  const begun = await begin(job, files, shapes);
  const folder = await mkdtemp(join(tmpdir(), "tenantry-retrieval-"));
  try {
    const checked = new CheckedFiles(store, folder);
    const isWhole =
      request.form === "rows"
        ? await restore(job, checked, folder, shapes, begun)
        : await link(job, checked, files, begun);
    if (!isWhole) return false;
    await handOut(job, request.form === "rows" ? shapes.length : 1);
    return true;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const noLinks = "this stack's store hands out no links";

interface Job extends RetrievalContext {
  readonly place: RequestPlace;
  readonly request: ColdRequest;
  readonly table: AgingTable;
  readonly source: SourceTable;
}

/** Takes the request and makes its tables, or goes on with it. Returns the number of files that are done. */
async function begin(job: Job, files: readonly WantedFile[], shapes: readonly Shape[]): Promise<number> {
  const { client, place, request } = job;
  const names =
    request.form === "rows" ? shapes.map((_, i) => restoredName(place, request, i)) : [restoredName(place, request, 0)];
  const isSame = request.files === files.length && request.bytes === files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (request.state === "fetching") {
    if (isSame && (await exist(client, names))) return request.filesDone;
    // Tables without this progress, and never progress without these tables.
    await dropRestored(client, place, request);
    await asTenant(client, request.tenant, () => restart(client, place, request, files));
  } else {
    await asTenant(client, request.tenant, async () => {
      // Two requests of a tenant that are taken at once would not count each other.
      const keys = "hashtext('tenantry.cold_quota'), hashtext($1)";
      await client.query(`SELECT pg_advisory_xact_lock(${keys})`, [request.tenant]);
      await requireQuota(client, place, request, files);
      await take(client, place, request, files);
    });
  }
  for (const [i, name] of names.entries()) {
    const columns = request.form === "rows" ? (shapes[i]?.columns ?? []) : linkColumns(job);
    await inTransaction(client, () => makeTable(client, place, { ...job.table, ...job.source }, name, columns));
  }
  return 0;
}

async function exist(client: Client, names: readonly TableName[]): Promise<boolean> {
  const { rows } = await client.query<{ all: boolean }>(
    "SELECT bool_and(to_regclass(name) IS NOT NULL) AS all FROM unnest($1::text[]) AS name",
    [names.map(quoteTable)],
  );
  return rows[0]?.all ?? false;
}

/** Restores the rows of the files behind the first `done`. */
async function restore(
  job: Job,
  checked: CheckedFiles,
  folder: string,
  shapes: readonly Shape[],
  done: number,
): Promise<boolean> {
  const { client, place, request, table } = job;
  const tables: { shape: Shape; restored: Restored }[] = [];
  for (const [i, shape] of shapes.entries()) {
    tables.push({ shape, restored: await readRestored(client, restoredName(place, request, i), sharedColumns(shape)) });
  }
  const duckdb = await DuckDb.open(folder);
  try {
    const all = tables.flatMap(({ shape, restored }) => shape.files.map((file) => ({ file, restored })));
    for (const { file, restored } of all.slice(done)) {
      if (await isStopped(job)) return false;
      const path = await checked.fetch(file, request.tenant);
      await asTenant(client, request.tenant, async () => {
        const { rows, checksum } = await copyRows(client, duckdb, table, request.tenant, { ...file, path }, restored);
        await progress(client, place, request, { bytes: file.bytes, rows, checksum });
      });
    }
  } finally {
    duckdb.close();
  }
  const [now] = await readRequests(client, place, request);
  const expected = { rows: now?.rowsDone ?? 0, checksum: now?.checksum ?? "0" };
  await requireEqual(
    client,
    tables.map(({ restored }) => restored),
    expected,
  );
  for (const { shape, restored } of tables) await index(client, table, shape, restored.name);
  return true;
}

/** Gives the table the source's key, by which queries for one row find it. */
async function index(client: Client, { primaryKey }: AgingTable, { columns }: Shape, name: TableName): Promise<void> {
  const has = primaryKey.every((column) => columns.some((each) => each.name === column));
  const { rows } = await client.query("SELECT FROM pg_index WHERE indrelid = $1::regclass AND indisprimary", [
    quoteTable(name),
  ]);
  if (has && primaryKey.length > 0 && rows.length === 0) {
    const key = primaryKey.map(quoteIdentifier).join(", ");
    await inTransaction(client, () =>
      runStatement(client, { sql: `ALTER TABLE ${quoteTable(name)} ADD PRIMARY KEY (${key})` }),
    );
  }
  await runStatement(client, { sql: `ANALYZE ${quoteTable(name)}` });
}

function linkColumns({ place, source }: Job) {
  const tenant = source.columns.find(({ name }) => name === place.column);
  const column = (name: string, type: string) => ({ name, type, default: null });
  return [
    column(place.column, tenant?.type ?? place.type),
    ...[column("file", "text"), column("url", "text"), column("rows", "bigint"), column("bytes", "bigint")],
    ...[
      column("first_time", "timestamptz"),
      column("last_time", "timestamptz"),
      column("link_expires_at", "timestamptz"),
    ],
  ];
}

/** Checks the files behind the first `done`, and writes a link to each. */
async function link(job: Job, checked: CheckedFiles, files: readonly WantedFile[], done: number): Promise<boolean> {
  const { client, place, request, store } = job;
  const name = quoteTable(restoredName(place, request, 0));
  const lifetime = shorter(place.limits.keep);
  for (const file of files.slice(done)) {
    if (await isStopped(job)) return false;
    await checked.fetch(file, request.tenant);
    const url = await store.signedUrl?.(file.key, lifetime);
    if (url === undefined) throw refused(noLinks, "ask for rows, or use a bucket as the store");
    await asTenant(client, request.tenant, async () => {
      await client.query(`INSERT INTO ${name} VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8::interval)`, [
        ...[request.tenant, file.key, url, file.rows, file.bytes, file.firstTime, file.lastTime],
        `${lifetime.count} ${lifetime.unit}`,
      ]);
      await progress(client, place, request, { bytes: file.bytes, rows: file.rows, checksum: "0" });
    });
  }
  return true;
}

function shorter(keep: Duration): Duration {
  const days: Readonly<Record<string, number>> = { day: 1, week: 7, month: 30, year: 365 };
  return keep.count * (days[keep.unit] ?? 0) > longestLink.count ? longestLink : keep;
}

async function handOut({ client, place, request, source }: Job, tables: number): Promise<void> {
  const names = Array.from({ length: tables }, (_, i) => restoredName(place, request, i));
  await asTenant(client, request.tenant, async () => {
    for (const name of names) await openToReaders(client, place, name, source.readers);
    await ready(client, place, request, names.map(quoteTable));
  });
}

async function isStopped({ client, place, request, signal }: Job): Promise<boolean> {
  if (signal?.aborted) return true;
  const [now] = await readRequests(client, place, request);
  if (!now) throw new RetrievalFailure("the request is gone", { what: "The request was deleted", fix: "ask again" });
  return now.isCancelled;
}
