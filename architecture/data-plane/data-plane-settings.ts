import type { Phase } from "../changes/phase";
import type { Defaults } from "../defaults";
import type { Endpoints } from "../endpoints";
import type { Tenancy } from "../tenancy/tenants";

/** A stack's settings of its data plane, on any platform. */
export interface DataPlaneSettings {
  /** On `kubernetes` Patroni registers Citus' nodes, and elsewhere tenantry does. */
  readonly platform: "external" | "kubernetes";
  /** `auto` leaves out distribution on plain PostgreSQL, and reports that. @default "required" */
  readonly citus: "required" | "auto";
  /** `strong` uses an exactly-once source; `bounded` and `eventual` deliver at least once. @default "strong" */
  readonly consistency: "strong" | "bounded" | "eventual";
  /**
   * If `at-least-once`, a killed server may leave duplicates in Kafka. @default "exactly-once" if consistency is
   * `strong`
   */
  readonly delivery?: "exactly-once" | "at-least-once";
  /**
   * Shards of the tenants' co-location group. The number is fixed once data is distributed. @default 32 (Citus' own
   * default)
   */
  readonly shardCount: number;
  /** Tenants that get shards of their own, by the tenant column's value. @default none */
  readonly isolatedTenants?: readonly string[];
  /** The tenancy model, and the tenants that the stack provisions. @default shared */
  readonly tenancy?: Tenancy;
  /** The place of cold rows. Only its presence counts here. @default none: rows stay in the database until they are dropped */
  readonly store?: object;
  /** The phase of each schema change that has begun, by the change's name. @default none has begun */
  readonly changes?: Readonly<Record<string, Phase>>;
  /** Values for everything that architecture.yaml leaves out. @default `standardDefaults` */
  readonly defaults?: Defaults;
  /** Undefined in a preview of a stack whose servers do not run yet. */
  readonly endpoints: Endpoints | undefined;
}

/** The settings on which the connectors of an outbox depend. */
export type ReplicationSettings = Pick<DataPlaneSettings, "consistency" | "delivery" | "endpoints">;

/** True if connectors write records and offsets in one transaction. */
export function isExactlyOnce({ consistency, delivery }: ReplicationSettings): boolean {
  return delivery === undefined ? consistency === "strong" : delivery === "exactly-once";
}
