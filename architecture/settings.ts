import type { Defaults } from "./defaults";
import type { Endpoints } from "./endpoints";
import type { KafkaSettings } from "./kafka-settings";
import type { KubernetesSettings } from "./kubernetes";
import type { Overrides } from "./plan/overrides";
import type { Workload } from "./plan/workload";
import type { PostgresSettings } from "./postgres-settings";
import type { Tenancy } from "./tenancy/tenants";

/** A stack's settings, parsed. */
export interface Settings {
  /** The application's folder under `sql/`. */
  readonly application: string;
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
  /** Opt-ins to what destroys or rewrites data: `drop ecommerce.carts`. @default none */
  readonly allow: readonly string[];
  /** Where the servers are provisioned, if the platform is `kubernetes`. */
  readonly kubernetes?: KubernetesSettings;
  readonly kafka: KafkaSettings;
  /** What architecture.yaml leaves out. @default `standardDefaults` */
  readonly defaults?: Defaults;
  /** What the stack makes in PostgreSQL besides the data plane. @default nothing */
  readonly postgres?: PostgresSettings;
  /** What the planner plans for: all sizes here are the plan's. */
  readonly workload?: Workload;
  /** Values of the plan that the stack sets itself. @default none */
  readonly plan?: Overrides;
  /** Undefined while previewing a stack whose servers do not run yet. */
  readonly endpoints: Endpoints | undefined;
}

/** What decides how a connector reads an outbox. */
export type StreamSettings = Pick<Settings, "consistency" | "delivery" | "endpoints">;

/** Whether connectors write records and offsets in one transaction. */
export function isExactlyOnce({ consistency, delivery }: StreamSettings): boolean {
  return delivery === undefined ? consistency === "strong" : delivery === "exactly-once";
}
