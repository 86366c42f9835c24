import type { Connect } from "../connect/connect-state";
import type { Database } from "../postgres/database";
import type { Owner } from "../postgres/owner";

/** Everything that a resource handler uses to create, update, delete or read. */
export interface Context {
  readonly database: Database;
  readonly connect: Connect;
  /** Opt-ins to changes that destroy or rewrite data, from the stack's `tenantry:allow`: `drop ecommerce.carts`. */
  readonly allow: ReadonlySet<string>;
  /** Stack that uses the database. A database of another stack is refused. @default no check */
  readonly owner?: Owner;
  /** Logs a line for this resource in Pulumi's output. */
  log(message: string): void;
  warn(message: string): void;
  /** Aborted when Pulumi is cancelled. Waits end and running statements are cancelled. */
  readonly signal: AbortSignal;
}
