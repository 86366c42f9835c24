import type { DataPlaneSettings } from "../architecture/data-plane/data-plane-settings";
import type { Overrides } from "../planner/overrides";
import type { Workload } from "../planner/workload";
import type { KafkaSettings } from "./kafka-settings";
import type { KubernetesSettings } from "./kubernetes-settings";
import type { PostgresSettings } from "./postgres-settings";

/** A stack's settings, parsed. */
export interface Settings extends DataPlaneSettings {
  /** The application's folder under `sql/`. */
  readonly application: string;
  /** Opt-ins to what destroys or rewrites data: `drop ecommerce.carts`. @default none */
  readonly allow: readonly string[];
  /** Where the servers are provisioned, if the platform is `kubernetes`. */
  readonly kubernetes?: KubernetesSettings;
  readonly kafka: KafkaSettings;
  /** What the stack makes in PostgreSQL besides the data plane. @default nothing */
  readonly postgres?: PostgresSettings;
  /** What the planner plans for: all sizes here are the plan's. */
  readonly workload?: Workload;
  /** Values of the plan that the stack sets itself. @default none */
  readonly plan?: Overrides;
}
