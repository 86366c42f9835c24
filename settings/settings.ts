import type { DataPlaneSettings } from "../architecture/data-plane/data-plane-settings";
import type { Overrides } from "../planner/overrides";
import type { Workload } from "../planner/workload";
import type { StoreSettings } from "../store/store-settings";
import type { KafkaSettings } from "./kafka-settings";
import type { KubernetesSettings } from "./kubernetes-settings";
import type { LifecycleSettings } from "./lifecycle-settings";
import type { PostgresSettings } from "./postgres-settings";

/** A stack's settings, parsed. */
export interface Settings extends DataPlaneSettings {
  /** The application's folder under `sql/`. */
  readonly application: string;
  /** Opt-ins to changes that destroy or rewrite data, such as `drop ecommerce.carts`. @default none */
  readonly allow: readonly string[];
  /** Place and sizes of the servers, if the platform is `kubernetes`. */
  readonly kubernetes?: KubernetesSettings;
  readonly kafka: KafkaSettings;
  /** The pods that move rows to their tier, on Kubernetes. @default those of the defaults, if the stack has a store */
  readonly lifecycle?: LifecycleSettings;
  /** Objects that the stack creates in PostgreSQL beside the data plane. @default nothing */
  readonly postgres?: PostgresSettings;
  /** The place of cold data and of large payloads. @default none, so rows stay in the database until they are dropped */
  readonly store?: StoreSettings;
  /** The load that the planner plans for; with it, all sizes come from the plan. */
  readonly workload?: Workload;
  /** Values of the plan that the stack overrides. @default none */
  readonly plan?: Overrides;
}
