import type { Finding } from "./finding";
import type { Target } from "./target";

/** One thing that must hold on a running stack. */
export interface Check {
  /** As in the report: `isolation`. */
  readonly name: string;
  /** What it holds the system to, for `tenantry verify --help` and the documentation. */
  readonly claim: string;
  /** `database`: once for what tenants with schemas share. `tenant`: only where tenants have a place of their own. @default each part */
  readonly scope?: "database" | "tenant";
  /** Leaves nothing behind. An error it throws becomes a failing finding. */
  run(target: Target): Promise<readonly Finding[]>;
}
