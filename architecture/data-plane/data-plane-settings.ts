import type { Defaults } from "../defaults";
import type { Endpoints } from "../endpoints";
import type { Tenancy } from "../tenancy/tenants";

/** What a stack says about its data plane, wherever the servers run. */
export interface DataPlaneSettings {
  /** On `kubernetes` Patroni registers Citus' nodes, elsewhere tenantry does. */
  readonly platform: "external" | "kubernetes";
  /** `auto` applies everything but distribution to plain PostgreSQL, and says so loudly. @default "required" */
  readonly citus: "required" | "auto";
  /** `strong`: exactly-once source. `bounded`, `eventual`: at least once. @default "strong" */
  readonly consistency: "strong" | "bounded" | "eventual";
  /** Whether a killed server may leave duplicates in Kafka. @default "exactly-once" where consistency is `strong` */
  readonly delivery?: "exactly-once" | "at-least-once";
  /** Shards of the tenants' co-location group; fixed once data is distributed. @default 32 (Citus' own default) */
  readonly shardCount: number;
  /** Tenants that get shards of their own, by the tenant column's value. @default none */
  readonly isolatedTenants?: readonly string[];
  /** How tenants share the database, and those that the stack provisions. @default shared */
  readonly tenancy?: Tenancy;
  /** What architecture.yaml leaves out. @default `standardDefaults` */
  readonly defaults?: Defaults;
  /** Undefined while previewing a stack whose servers do not run yet. */
  readonly endpoints: Endpoints | undefined;
}

/** What decides how a connector reads an outbox. */
export type ReplicationSettings = Pick<DataPlaneSettings, "consistency" | "delivery" | "endpoints">;

/** Whether connectors write records and offsets in one transaction. */
export function isExactlyOnce({ consistency, delivery }: ReplicationSettings): boolean {
  return delivery === undefined ? consistency === "strong" : delivery === "exactly-once";
}
