import type { Finding } from "./finding";
import type { Target } from "./target";

/** One thing that must hold on a running stack. */
export interface Check {
  /** As in the report: `isolation`. */
  readonly name: string;
  /** What it holds the system to, for `tenantry verify --help` and the documentation. */
  readonly claim: string;
  /**
   * Where tenants have schemas, which parts it looks at. `database`: once, with what they share. `tables`: at what they
   * share and at each tenant's own. `tenant`: at tenants' own, and only where they have a place of their own.
   * @default each tenant's own
   */
  readonly scope?: "database" | "tables" | "tenant";
  /** Leaves nothing behind. An error it throws becomes a failing finding. */
  run(target: Target): Promise<readonly Finding[]>;
}
