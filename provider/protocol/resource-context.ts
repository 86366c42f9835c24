import type { Connect } from "../connect/connect-state";
import type { Database } from "../postgres/database";
import type { Owner } from "../postgres/owner";

/** What acting code may use. */
export interface Context {
  readonly database: Database;
  readonly connect: Connect;
  /** Opt-ins to what destroys or rewrites data, as the stack's `tenantry:allow` lists them: `drop ecommerce.carts`. */
  readonly allow: ReadonlySet<string>;
  /** Who works; another's database is left alone. @default nobody is asked */
  readonly owner?: Owner;
  /** A line beside the resource in Pulumi's output. */
  log(message: string): void;
  warn(message: string): void;
  /** Aborted when Pulumi is cancelled: waits end, running statements are cancelled. */
  readonly signal: AbortSignal;
}
