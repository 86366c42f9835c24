import type { Duration } from "../common/duration";
import type { Size } from "../common/size";
import type { SchemaChange } from "./changes/schema-change";
import type { Reach } from "./reserved-functions";
import type { SqlFile } from "./sql/sql-file";
import type { Tenant as TenantEntry } from "./tenancy/tenants";

/** An application's data, parsed and checked. Code that uses it checks nothing again. */
export interface Application {
  /** The folder's name under `sql/`, and the prefix of roles, slots, connectors and topics. */
  readonly name: string;
  /** Schema of the application's tables. @default the application's name */
  readonly schema: string;
  readonly tenant: Tenant;
  /** Every table of the SQL files, sorted so that a table follows those that its foreign keys refer to. */
  readonly tables: readonly Table[];
  /** The SQL files, sorted by number. */
  readonly files: readonly SqlFile[];
  /** Changes of columns in phases, sorted by number. @default none */
  readonly changes?: readonly SchemaChange[];
  readonly events: Events;
  readonly cold: ColdLimits;
  readonly roles: readonly Role[];
  /**
   * Scope of one tenant, or of shared tables, set by `scopedApplications`. @default the whole application, for all
   * tenants
   */
  readonly scope?: TenantScope;
}

/** Scope of one tenant, or in the model `schema` of the tables that tenants share. */
export type TenantScope =
  | { readonly model: "silo"; readonly tenant: TenantEntry }
  | {
      readonly model: "schema";
      /** The tenant; undefined for the shared tables. */
      readonly tenant?: TenantEntry;
      /** Schema of the shared tables. */
      readonly sharedSchema: string;
    };

export interface Tenant {
  /** The tenant root table, unqualified. */
  readonly table: string;
  /** The distribution column. Every tenant table has it, and every key of a tenant table contains it. */
  readonly column: string;
  readonly type: TenantType;
}

export type TenantType = "uuid" | "bigint" | "integer" | "text";

export type Table = TenantTable | ReferenceTable | LocalTable;

interface TableBase {
  readonly schema: string;
  readonly name: string;
  /** The SQL file that creates it. */
  readonly file: string;
  readonly primaryKey: readonly string[];
  /** Foreign keys, deferred from CREATE TABLE until both tables are placed, because Citus needs that. */
  readonly foreignKeys: readonly ForeignKey[];
}

/**
 * A table each of whose rows belongs to one tenant. It is distributed by the tenant column, co-located with the root,
 * and protected by row level security.
 */
export interface TenantTable extends TableBase {
  readonly kind: "tenant";
  readonly partition?: Partition;
}

/** A table that all tenants share, copied to every node. */
export interface ReferenceTable extends TableBase {
  readonly kind: "reference";
  /** True if the application's roles may write the table. @default false: only SQL files change it */
  readonly shared?: true;
}

/** A table that stays on the coordinator and holds no data of tenants. */
interface LocalTable extends TableBase {
  readonly kind: "local";
}

export interface ForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly references: { readonly schema: string; readonly table: string; readonly columns: readonly string[] };
  /** The clauses after the columns as PostgreSQL writes them, such as `ON DELETE CASCADE`; empty if there are none. */
  readonly actions: string;
}

/** A partition set by time, which pg_partman maintains. */
export interface Partition {
  readonly by: string;
  readonly every: Duration;
  /** Number of partitions that are created in advance. @default 4 */
  readonly ahead: number;
  /** Age at which rows are dropped with their partition. @default rows are kept forever */
  readonly retention?: Duration;
  /** Tiers that rows pass before they are dropped. @default rows stay as they are until `retention` */
  readonly tiers?: Tiers;
}

/** Ages at which rows leave the tiers in the database. Cold rows lie in the stack's store until `Partition.retention`. */
export interface Tiers {
  /** End of the tier hot, where a tier warm follows. @default no warm tier: rows are hot until `database` */
  readonly hot?: Duration;
  /** End of the last tier in the database, where cold begins. */
  readonly database: Duration;
  /** Form of the warm partitions. @default "heap" */
  readonly compact?: WarmForm;
}

/** The form of warm partitions: compact heap, also in another tablespace, or Citus' columns. */
export type WarmForm = "heap" | "columnar" | { readonly tablespace: string };

/** Limits of the requests for cold rows, for each tenant. */
export interface ColdLimits {
  /** Requests that are asked, fetched or ready. */
  readonly openRequests: number;
  readonly rowsPerDay: number;
  /** Size of the files in the store. */
  readonly bytesPerDay: Size;
  /** How long a result stays. */
  readonly keep: Duration;
}

export interface Events {
  /**
   * How long an outbox partition stays after its last row. It is never dropped before every replication slot has passed
   * it.
   */
  readonly retention: Duration;
  readonly maxPayload: Size;
  readonly aggregates: readonly Aggregate[];
}

export interface Aggregate {
  /** Name in the outbox's `aggregate_type`: `order`. */
  readonly name: string;
  /** `APP.AGGREGATE.events`. */
  readonly topic: string;
  readonly partitions: number;
  readonly retention: Duration;
}

export interface Role {
  /** Name in `architecture.yaml`: `app`. */
  readonly name: string;
  /** Name in PostgreSQL: `APP_NAME`. */
  readonly user: string;
  readonly reads: "all" | readonly string[];
  readonly writes: "all" | readonly string[];
  /** Groups of reserved functions that the role may call. */
  readonly reaches: readonly Reach[];
  readonly statementTimeout?: Duration;
}
