import type { Finding } from "./finding";
import type { Target } from "./target";

/** Check of one claim about a running stack. */
export interface Check {
  /** Name in the report: `isolation`. */
  readonly name: string;
  /** Claim that it checks, for `tenantry verify --help` and the documentation. */
  readonly claim: string;
  /**
   * Parts that it runs on if tenants have schemas. `database`: once, on the shared part. `tables`: on the shared part
   * and on each tenant's. `tenant`: on each tenant's, and only if tenants have their own schema or database. @default
   * on each tenant's
   */
  readonly scope?: "database" | "tables" | "tenant";
  /** Runs the check, and leaves nothing behind. A thrown error becomes a failing finding. */
  run(target: Target): Promise<readonly Finding[]>;
}
