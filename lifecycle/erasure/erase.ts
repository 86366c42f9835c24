import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import { Problems } from "../../common/problem";
import { tableId } from "../../provider/postgres/live-tables";
import { inTransaction } from "../../provider/postgres/postgres-transaction";
import { readerOf } from "../../provider/postgres/sql-statements";
import type { Store } from "../../store/store";
import type { AgingTable } from "../aging-tables";
import { readTenantFiles } from "../cold-catalog";
import { withLifecycleLock } from "../lifecycle-lock";
import type { RunContext } from "../run-context";
import { type ErasableTable, readErasableTables } from "./erasable-tables";
import { countInFiles, eraseFromFiles } from "./erased-files";
import { countRows, deleteRows, names } from "./erased-rows";
import {
  addToReceipt,
  beginReceipt,
  type Erased,
  type ErasedByPlace,
  type ErasureScope,
  endReceipt,
  type Receipt,
} from "./receipt";

export interface Erasure {
  readonly endpoint: PostgresEndpoint;
  /** Undefined where the stack has none. */
  readonly store: Store | undefined;
  readonly scope: ErasureScope;
  /** Schemas of the application's tables and its events, beside the toolkit's own. */
  readonly schemas: readonly string[];
  readonly tenantColumn: string;
  readonly tables: readonly AgingTable[];
  /** Who erases, for the receipt. */
  readonly by: string;
  readonly log: (line: string) => void;
  /** Called before each place, for tests that stop there. */
  readonly beforePlace?: (place: string) => Promise<void>;
}

/** Key prefix of a tenant's large payloads, as `client/claim-check` writes them, whatever the tenant column is called. */
const claimsPrefix = (tenant: string) => `claims/tenant_id=${encodeURIComponent(tenant)}/`;

/** Counts what an erasure would erase. Changes nothing. */
export function planErasure(erasure: Erasure): Promise<ErasedByPlace> {
  return prepared(erasure, async (context, tables, scope) => {
    const counts: Record<string, Erased> = {};
    for (const table of tables) {
      const rows = await countRows(context.client, table, scope);
      if (rows > 0) counts[tableId(table)] = { rows };
    }
    if (!erasure.store) return counts;
    const claims = scope.person ? [] : await claimsOf(erasure.store, scope);
    return {
      ...counts,
      ...(await countInFiles({ ...context, store: erasure.store }, scope)),
      ...(claims.length > 0 && { claims: { files: claims.length } }),
    };
  });
}

/**
 * Erases a tenant, or a person inside one, in every tier, and returns the receipt. What a run that was killed has erased
 * is in its receipt, which the next one goes on with.
 *
 * @throws Problems under legal hold, and LifecycleBusy while a run works
 */
export function erase(erasure: Erasure): Promise<Receipt> {
  return prepared(erasure, async (context, tables, scope) => {
    const { client } = context;
    const { store, log, beforePlace } = erasure;
    const receipt = await beginReceipt(client, scope, erasure.by);
    for (const table of tables) {
      await beforePlace?.(tableId(table));
      const rows = await deleteRows(client, receipt.id, table, scope);
      if (rows > 0) log(`${tableId(table)}: ${rows} rows`);
    }
    if (store) {
      await beforePlace?.("cold");
      await eraseFromFiles({ ...context, store }, erasure.tables, scope, receipt.id);
      if (!scope.person) await eraseClaims(client, store, await claimsOf(store, scope), receipt.id);
    }
    await requireNone(client, tables, scope);
    return endReceipt(client, receipt.id);
  });
}

type StorelessContext = Omit<RunContext, "store">;

async function prepared<T>(
  erasure: Erasure,
  work: (context: StorelessContext, tables: readonly ErasableTable[], scope: ErasureScope) => Promise<T>,
): Promise<T> {
  const { endpoint, scope, schemas, tenantColumn, log } = erasure;
  const folder = await mkdtemp(join(tmpdir(), "tenantry-erasure-"));
  try {
    return await withLifecycleLock(endpoint, async (client) => {
      const read = readerOf(client);
      const tables = await readErasableTables(read, [...new Set([...schemas, "tenantry"])], tenantColumn);
      const valid = await validated(client, tables, scope);
      await refuseHeld(client, valid.tenant);
      const files = await readTenantFiles(read, valid.tenant);
      if (files.length > 0 && !erasure.store) throw new Problems([storeMissing(files.length)]);
      refuseUnknownColumns(tables, files, valid);
      return await work({ endpoint, client, folder, log }, tables, valid);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function refuseHeld(client: Client, tenant: string): Promise<void> {
  const { rows } = await client.query<{ reason: string }>("SELECT reason FROM tenantry.legal_hold WHERE tenant = $1", [
    tenant,
  ]);
  if (!rows[0]) return;
  throw new Problems([
    {
      what: "This tenant is under legal hold: nothing of it may be erased",
      got: `${tenant}: ${rows[0].reason}`,
      fix: "End the hold first, if it may end: `tenantry lifecycle release`",
    },
  ]);
}

/** The tenant's value as PostgreSQL writes it: files and receipts name it so. */
async function validated(client: Client, tables: readonly ErasableTable[], scope: ErasureScope): Promise<ErasureScope> {
  const type =
    tables.map(({ columns, tenantColumn }) => columns[tenantColumn]).find((each) => each !== undefined) ?? "text";
  try {
    const { rows } = await client.query<{ tenant: string }>(`SELECT $1::${type}::text AS tenant`, [scope.tenant]);
    return { ...scope, tenant: rows[0]?.tenant ?? scope.tenant };
  } catch {
    throw new Problems([
      { what: "This is no value of the tenant column", got: scope.tenant, expected: type, fix: "correct --tenant" },
    ]);
  }
}

function refuseUnknownColumns(
  tables: readonly ErasableTable[],
  files: Awaited<ReturnType<typeof readTenantFiles>>,
  { person = [] }: ErasureScope,
): void {
  const unknown = person.filter(
    (condition) =>
      !tables.some((table) => names(table, condition)) &&
      !files.some(({ table, columns }) =>
        names({ table, columns: Object.fromEntries(columns.map((each) => [each.name, each])) }, condition),
      ),
  );
  if (unknown.length === 0) return;
  throw new Problems(
    unknown.map(({ table, column }) => ({
      what: `No table with tenants' rows has this column`,
      got: table ? `${table}.${column}` : column,
      expected: "a column such as `customer_id`",
      fix: "correct --where",
    })),
  );
}

/** Rows that were written while the erasure ran. */
async function requireNone(client: Client, tables: readonly ErasableTable[], scope: ErasureScope): Promise<void> {
  const left: string[] = [];
  for (const table of tables) {
    const rows = await countRows(client, table, scope);
    if (rows > 0) left.push(`${tableId(table)}: ${rows} rows`);
  }
  if (left.length === 0) return;
  throw new Problems([
    {
      what: "Rows were written while the erasure ran, so it is not finished",
      got: left.join(", "),
      fix: "Stop the application from writing for this tenant, then run it again: the receipt goes on",
    },
  ]);
}

async function claimsOf(store: Store, { tenant }: ErasureScope): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(claimsPrefix(tenant))) keys.push(key);
  return keys;
}

async function eraseClaims(client: Client, store: Store, keys: readonly string[], receipt: string): Promise<void> {
  if (keys.length === 0) return;
  await store.delete(keys);
  await inTransaction(
    client,
    async () => {},
    () => addToReceipt(client, receipt, "claims", { files: keys.length }),
  );
}

function storeMissing(files: number) {
  return {
    what: "The tenant has cold files, and the stack has no store any more",
    got: `${files} files in the catalog`,
    fix: "Put `tenantry:store` back into the stack file, so that they can be erased, too",
  };
}
