import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool, PoolClient, QueryResult } from "pg";
import { RolledBackError, TenantContextError } from "./errors";
import { type TenantClient, type Transaction, tenantClient } from "./transaction";

export interface WithTenantOptions {
  /**
   * Isolation level. Citus runs statements on its workers as read committed, whatever is set here, so lock the rows
   * that a decision depends on (SELECT ... FOR UPDATE).
   *
   * @default PostgreSQL's `default_transaction_isolation`, read committed
   */
  readonly isolation?: "read committed" | "repeatable read" | "serializable";
  /**
   * Number of repetitions of `work` after a serialization failure or a deadlock. After only these two errors,
   * PostgreSQL has certainly committed nothing. Use it only if the other effects of `work` may repeat. @default 0
   */
  readonly retries?: number;
}

interface Scope {
  readonly pool: Pool;
  readonly transaction: Transaction;
  readonly outer: Scope | undefined;
}

const scopes = new AsyncLocalStorage<Scope>();

/**
 * Runs `work` in one transaction as one tenant: row level security shows it this tenant's rows and no others. Commits
 * when `work` returns, rolls back when it throws. The tenant is set for the transaction only, so the pool's connection
 * goes back without it.
 *
 * @throws TenantContextError for an empty tenant, and inside another `withTenant` on the same pool: the inner
 * transaction would commit without the outer one, and wait for a connection that the outer one holds.
 * @throws RolledBackError if a statement failed and `work` caught the error: PostgreSQL commits nothing then.
 *
 * @example
 * const order = await withTenant(pool, tenant, async (client) => {
 *   const { rows } = await client.query(
 *     "SELECT * FROM ecommerce.orders WHERE tenant_id = $1 AND order_id = $2",
 *     [client.tenant, orderId],
 *   );
 *   return rows[0];
 * });
 */
export async function withTenant<T>(
  pool: Pool,
  tenant: string,
  work: (client: TenantClient) => Promise<T>,
  options: WithTenantOptions = {},
): Promise<T> {
  refuseBadTenant(tenant);
  refuseNested(pool);
  const { retries = 0 } = options;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await runOnce(pool, tenant, work, options);
    } catch (error) {
      if (attempt >= retries || !isRepeatable(error)) throw error;
      await sleep(Math.random() * Math.min(1_000, 10 * 2 ** attempt));
    }
  }
}

async function runOnce<T>(
  pool: Pool,
  tenant: string,
  work: (client: TenantClient) => Promise<T>,
  options: WithTenantOptions,
): Promise<T> {
  const transaction: Transaction = { tenant, open: true };
  const client = await pool.connect();
  // A connection that breaks between two queries emits "error", which ends the process if no listener exists. The
  // next query reports the error.
  const ignore = () => {};
  client.on("error", ignore);
  let broken: Error | undefined;
  try {
    await client.query(beginAs(client, tenant, options.isolation));
    const scope: Scope = { pool, transaction, outer: scopes.getStore() };
    const result = await scopes.run(scope, async () => work(tenantClient(client, transaction)));
    transaction.open = false;
    if (transaction.doomed) throw transaction.doomed.cause;
    await commit(client);
    return result;
  } catch (error) {
    transaction.open = false;
    broken = await rollback(client);
    throw error;
  } finally {
    client.off("error", ignore);
    client.release(broken);
  }
}

/** Begins and sets the tenant in one round trip. It uses a literal, because the simple protocol has no parameters. */
function beginAs(client: PoolClient, tenant: string, isolation: WithTenantOptions["isolation"]): string {
  const begin = isolation ? `BEGIN ISOLATION LEVEL ${isolation}` : "BEGIN";
  return `${begin}; SELECT tenantry.set_tenant(${client.escapeLiteral(tenant)})`;
}

/**
 * Resets a tenant that `work` set for the session by mistake, which would stay with the pooled connection. It costs
 * no round trip here.
 */
const forget = "RESET app.tenant_id";

async function commit(client: PoolClient): Promise<void> {
  const results = (await client.query(`COMMIT; ${forget}`)) as QueryResult | QueryResult[];
  const [first] = Array.isArray(results) ? results : [results];
  if (first?.command !== "COMMIT") {
    throw new RolledBackError(
      "Nothing was committed: a statement in the transaction had failed, and its error was caught. Let it pass, or put the statement between SAVEPOINT and ROLLBACK TO SAVEPOINT",
    );
  }
}

/** Returns the error if the connection can't be trusted any more. The pool then closes it. */
async function rollback(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query(`ROLLBACK; ${forget}`);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function isRepeatable(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === "40001" || code === "40P01";
}

function refuseBadTenant(tenant: string): void {
  if (typeof tenant !== "string" || tenant === "" || tenant.includes("\0")) {
    throw new TenantContextError("withTenant needs the tenant's id as a text that is not empty");
  }
}

function refuseNested(pool: Pool): void {
  for (let scope = scopes.getStore(); scope; scope = scope.outer) {
    if (scope.pool === pool && scope.transaction.open) {
      throw new TenantContextError(
        `withTenant inside withTenant (tenant ${scope.transaction.tenant}): pass the outer client on, or begin after the outer one has ended`,
      );
    }
  }
}
