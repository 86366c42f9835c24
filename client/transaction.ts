import type { ClientBase } from "pg";
import { TenantContextError } from "./errors";

/** The connection inside `withTenant`: queries like `pg`'s client, until the transaction ends. */
export interface TenantClient extends Pick<ClientBase, "query"> {
  /**
   * Tenant for the WHERE clause. Without `tenant_id = $1`, row level security still holds, but Citus asks every
   * shard.
   */
  readonly tenant: string;
}

/** State of a transaction besides its connection. */
export interface Transaction {
  readonly tenant: string;
  open: boolean;
  /** First error that forbids a commit, even if the caller's code catches it. */
  doomed?: { readonly cause: unknown };
}

const transactions = new WeakMap<TenantClient, Transaction>();

/** Client of the transaction for `work`. It refuses statements that would end or leave the transaction. */
export function tenantClient(client: ClientBase, transaction: Transaction): TenantClient {
  const query = (...args: unknown[]): unknown => {
    if (!transaction.open) throw new TenantContextError(endedMessage);
    refuseTransactionControl(args[0]);
    return Reflect.apply(client.query, client, args);
  };
  const facade: TenantClient = { tenant: transaction.tenant, query: query as ClientBase["query"] };
  transactions.set(facade, transaction);
  return facade;
}

/** Returns the transaction of this client. @throws TenantContextError outside a transaction */
export function transactionOf(client: TenantClient, caller: string): Transaction {
  const transaction = transactions.get(client);
  if (!transaction) {
    throw new TenantContextError(`${caller} needs the client that withTenant gives to its work: pass that one on`);
  }
  if (!transaction.open) throw new TenantContextError(endedMessage);
  return transaction;
}

const endedMessage =
  "The transaction of this client has ended: await every query inside the work of withTenant, and keep no client after it";

const control = /^\s*(?:begin|start\s+transaction|commit|end|abort|prepare\s+transaction|rollback(?!\s+to\b))\b/i;

function refuseTransactionControl(query: unknown): void {
  const text = typeof query === "string" ? query : (query as { text?: unknown } | undefined)?.text;
  if (typeof text === "string" && control.test(text)) {
    throw new TenantContextError(
      `withTenant begins and ends the transaction: remove \`${text.trim().split(/\s+/, 2).join(" ")}\`; throw to roll back`,
    );
  }
}
