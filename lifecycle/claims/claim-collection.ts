import type { Client } from "pg";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import type { Store } from "../../store/store";

/** The references of one outbox: the shared one, or a tenant's own. */
export interface ClaimTables {
  readonly database: Client;
  /** Value of the tenant column, as text, if the outbox is a tenant's own. */
  readonly tenant?: string;
  /** Schema of the table `claim`. */
  readonly schema: string;
  /** The tenant column. */
  readonly column: string;
}

export interface ClaimCollectionOptions {
  /** Age below which an object may belong to a transaction that has not committed yet. @default a day */
  readonly graceMs?: number;
  /** @default this machine's clock */
  readonly now?: Date;
}

export interface CollectedClaims {
  /** References whose retention has passed. */
  readonly pruned: number;
  /** Objects without a reference. */
  readonly deleted: number;
  readonly deletedBytes: number;
}

const dayMs = 86_400_000;
/**
 * How much earlier than the database's clock an object may be dated. S3 counts whole seconds, and refuses requests from
 * clocks that differ by more than 15 minutes.
 */
const skewMs = 15 * 60_000;
const batch = 1_000;

/**
 * Removes references past their retention, then the objects to which none refers: these, and those of transactions that
 * rolled back. Each object has one event, so none that is old and without a reference can get one later.
 */
export async function collectClaims(
  store: Store,
  places: readonly ClaimTables[],
  { graceMs = dayMs, now = new Date() }: ClaimCollectionOptions = {},
): Promise<CollectedClaims> {
  let pruned = 0;
  for (const place of places) pruned += await prune(place);
  const starts = await Promise.all(places.map(({ database }) => oldestTransaction(database)));
  const before = Math.min(now.getTime() - graceMs, ...starts.map((start) => start - skewMs));
  const collected = { pruned, deleted: 0, deletedBytes: 0 };
  for await (const objects of oldObjects(store, before)) {
    const orphans = await withoutReference(places, objects);
    await store.delete(orphans.map(({ key }) => key));
    collected.deleted += orphans.length;
    collected.deletedBytes += orphans.reduce((sum, { bytes }) => sum + bytes, 0);
  }
  return collected;
}

interface ClaimObject {
  readonly key: string;
  readonly bytes: number;
  readonly tenant: string;
  readonly sha256: string;
}

/** Objects of one tenant at a time: the list is sorted by tenant. */
async function* oldObjects(store: Store, before: number): AsyncIterable<readonly ClaimObject[]> {
  let objects: ClaimObject[] = [];
  for await (const { key, bytes, storedAt } of store.list("claims/")) {
    const [, tenant, sha256] = /^claims\/tenant_id=([^/]+)\/([0-9a-f]{64})$/.exec(key) ?? [];
    if (tenant === undefined || sha256 === undefined || storedAt.getTime() >= before) continue;
    const object = { key, bytes, tenant: decodeURIComponent(tenant), sha256 };
    if (objects.length === batch || (objects[0] && objects[0].tenant !== object.tenant)) {
      yield objects;
      objects = [];
    }
    objects.push(object);
  }
  if (objects.length > 0) yield objects;
}

/** Leaves out objects of a tenant without a place: its outbox may still exist, in a schema that no stack names. */
async function withoutReference(
  places: readonly ClaimTables[],
  objects: readonly ClaimObject[],
): Promise<readonly ClaimObject[]> {
  const [first] = objects;
  const own = places.filter(({ tenant }) => tenant === undefined || tenant === first?.tenant);
  if (!first || own.length === 0) return [];
  const known = new Set<string>();
  for (const { database, schema, column } of own) {
    await asTenant(database, first.tenant, async (tenant) => {
      const { rows } = await database.query<{ sha256: string }>(
        `SELECT sha256 FROM ${quoteQualified(schema, "claim")} WHERE ${quoteIdentifier(column)} = ${tenant} AND sha256 = ANY($1)`,
        [objects.map(({ sha256 }) => sha256)],
      );
      for (const { sha256 } of rows) known.add(sha256);
    });
  }
  return objects.filter(({ sha256 }) => !known.has(sha256));
}

/**
 * Runs `work` as the tenant, with the tenant's value as a literal. An administrator whom row level security binds would
 * otherwise see no reference, and all objects would seem to be orphans.
 */
async function asTenant(database: Client, tenant: string, work: (literal: string) => Promise<void>): Promise<void> {
  const literal = database.escapeLiteral(tenant);
  await database.query("BEGIN");
  try {
    await database.query(`SELECT tenantry.set_tenant(${literal})`);
    await work(literal);
  } finally {
    await database.query("ROLLBACK");
  }
}

async function prune({ database, schema }: ClaimTables): Promise<number> {
  for (let pruned = 0; ; ) {
    const { rows } = await database.query<{ count: string }>(
      `SELECT ${quoteIdentifier(schema)}.prune_claims(10000) AS count`,
    );
    const count = Number(rows[0]?.count ?? 0);
    pruned += count;
    if (count < 10_000) return pruned;
  }
}

/**
 * When the oldest transaction that may still write a reference began, in milliseconds. An administrator who may not see
 * the sessions of other roles relies on the grace alone.
 */
async function oldestTransaction(database: Client): Promise<number> {
  const { rows } = await database.query<{ started: Date | null }>(
    `SELECT least(
       (SELECT min(xact_start) FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()),
       (SELECT min(prepared) FROM pg_catalog.pg_prepared_xacts WHERE database = current_database())) AS started`,
  );
  return rows[0]?.started?.getTime() ?? Number.POSITIVE_INFINITY;
}
