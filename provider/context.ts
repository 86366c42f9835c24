import type { Connect } from "./connect";
import type { Database } from "./database";

/** What acting code may use. */
export interface Context {
  readonly database: Database;
  readonly connect: Connect;
  /** Opt-ins to what destroys or rewrites data, as the stack's `tenantry:allow` lists them: `drop ecommerce.carts`. */
  readonly allow: ReadonlySet<string>;
  /** A line beside the resource in Pulumi's output. */
  log(message: string): void;
  warn(message: string): void;
  /** Aborted when Pulumi is cancelled: waits end, running statements are cancelled. */
  readonly signal: AbortSignal;
}
