import type { Duration } from "../../common/duration";
import type { ForeignKey, TenantType } from "../application";
import type { Phase } from "../changes/phase";
import type { PostgresNode } from "../endpoints";
import type { Reach } from "../reserved-functions";
import type { SqlStatement } from "../sql/sql-file";

/** Everything that a DataPlane declares: one provider resource each, in an order in which they can be created. */
export type Declaration = {
  readonly [Noun in keyof Inputs]: {
    readonly noun: Noun;
    /** Unique among declarations of the noun, and stable, because it becomes part of the URN. */
    readonly name: string;
    readonly inputs: Inputs[Noun];
    /** Tenant that owns the resource. The name then ends in `@TENANT`, or in a silo in `@silo-TENANT`. */
    readonly tenant?: string;
    /** `NOUN/NAME` of the declarations that must be applied first. */
    readonly after: readonly string[];
  };
}[keyof Inputs];

/** The inputs of each kind of resource. */
export interface Inputs {
  readonly CitusNode: CitusNodeInputs;
  readonly Migration: MigrationInputs;
  readonly SchemaChange: SchemaChangeInputs;
  readonly TenantDatabase: TenantDatabaseInputs;
  readonly TenantSchema: TenantSchemaInputs;
  readonly DistributedTable: DistributedTableInputs;
  readonly ReferenceTable: ReferenceTableInputs;
  readonly TenantIsolation: TenantIsolationInputs;
  readonly RoleBoundary: RoleBoundaryInputs;
  readonly PartitionSet: PartitionSetInputs;
  readonly Outbox: OutboxInputs;
  readonly ProcessedEvents: ProcessedEventsInputs;
  readonly ReplicationSlot: ReplicationSlotInputs;
  readonly Connector: ConnectorInputs;
  readonly TenantShard: TenantShardInputs;
  readonly ShardRebalance: ShardRebalanceInputs;
}

/** A node's membership in the Citus cluster. */
export interface CitusNodeInputs {
  readonly node: PostgresNode;
  /**
   * `patroni`: Patroni registers the node, and the resource waits for that. `tenantry`: it registers the host and port
   * of `node`.
   */
  readonly registeredBy: "patroni" | "tenantry";
}

/** The database of one tenant, on every node, with the extensions that the data plane needs. */
export interface TenantDatabaseInputs {
  readonly database: string;
  /** The tenant's name, as in the endpoints' logins. */
  readonly tenant: string;
  /** The nodes that hold shards. The coordinator always has the database. */
  readonly nodes: readonly PostgresNode[];
}

/** A schema of one tenant. With Citus, its tables lie on one node and move together. */
export interface TenantSchemaInputs {
  readonly schema: string;
  /** The tenant's name, as in the names of its declarations. */
  readonly tenant: string;
}

/** One SQL file. */
export interface MigrationInputs {
  readonly path: string;
  /** SHA-256 of the file's text. */
  readonly hash: string;
  readonly statements: readonly SqlStatement[];
  /** If false, each statement commits by itself, and a repeated run continues after the last one that committed. */
  readonly transaction: boolean;
  /** The schema of unqualified names. */
  readonly schema: string;
  /** The second schema of unqualified names: the shared tables of a tenant's schema. @default none */
  readonly sharedSchema?: string;
  /**
   * `once`: for files that are never edited once applied. `onChange`: for the toolkit's own idempotent files, which run
   * again when their hash changes.
   */
  readonly apply: "once" | "onChange";
  /**
   * The declared tables of its schema by name. The file may create no other table that other roles can read.
   * @default none
   */
  readonly tables?: Readonly<Record<string, "tenant" | "reference" | "local">>;
}

/** A change of a table's columns, in the phase that the stack has reached. */
export interface SchemaChangeInputs {
  /** The file's name without its ending. */
  readonly change: string;
  readonly path: string;
  readonly schema: string;
  readonly table: string;
  readonly phase: Phase;
  /** The primary key, by which rows are changed batch by batch. */
  readonly key: readonly string[];
  /** The tenant column, and the table that lists the tenants. @default the rows belong to no tenant */
  readonly tenant?: { readonly column: string; readonly rootSchema: string; readonly root: string };
  readonly add: readonly (ColumnValue & { readonly type: string; readonly notNull: boolean })[];
  readonly drop: readonly ColumnValue[];
  /** Time between the phases `switch-reads` and `contract`. */
  readonly soak: Duration;
}

/** A column, and its value as SQL, computed from other columns of the row and from those of NEW in a trigger. */
export interface ColumnValue {
  readonly name: string;
  readonly value: string;
  readonly valueOfNew: string;
}

export type Privilege = "SELECT" | "INSERT" | "UPDATE" | "DELETE";
/** Privileges by PostgreSQL role. */
export type Grants = Readonly<Record<string, readonly Privilege[]>>;

/**
 * A table distributed by the tenant column. Without Citus the table stays undistributed, and only its foreign keys are
 * added.
 */
export interface DistributedTableInputs {
  readonly schema: string;
  readonly table: string;
  /** The distribution column. */
  readonly column: string;
  /**
   * `shardCount` starts a co-location group, for the tenant root. `colocateWith` joins the group of the table
   * `SCHEMA.TABLE`. `withSchema` places the table where its schema lies, which is a tenant's own.
   */
  readonly placement:
    | { readonly shardCount: number }
    | { readonly colocateWith: string }
    | { readonly withSchema: true };
  readonly foreignKeys: readonly ForeignKey[];
}

/** A table copied to every node. The roles in `grants` have their privileges on it. */
export interface ReferenceTableInputs {
  readonly schema: string;
  readonly table: string;
  readonly foreignKeys: readonly ForeignKey[];
  readonly grants: Grants;
}

/** Row level security, enabled and forced, on a tenant table and each of its partitions, and the roles' privileges. */
export interface TenantIsolationInputs {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly type: TenantType;
  /** The only tenant whose rows may be written. @default the transaction's tenant, whichever it is */
  readonly onlyTenant?: string;
  readonly grants: Grants;
}

/** The rights of a database's roles beside their privileges on tables. */
export interface RoleBoundaryInputs {
  /** The nodes that hold shards. The coordinator is always checked. */
  readonly nodes: readonly PostgresNode[];
  /** Schemas in which only the administrator may create objects. */
  readonly schemas: readonly string[];
  /** The bounds by role, with the role's name in PostgreSQL. */
  readonly roles: Readonly<Record<string, RoleBound>>;
}

export interface RoleBound {
  /** True if the role may read the change stream. @default no */
  readonly replicates?: true;
  /** The groups of reserved functions that it may call. */
  readonly reaches: readonly Reach[];
  /**
   * Settings with which the role's sessions in this database begin, in the syntax of SET: `statement_timeout`,
   * `search_path`.
   */
  readonly settings: Readonly<Record<string, string>>;
}

/** A partition set that pg_partman maintains. */
export interface PartitionSetInputs {
  readonly schema: string;
  readonly table: string;
  readonly by: string;
  readonly every: Duration;
  readonly ahead: number;
  readonly retention?: Duration;
  /**
   * `slots`: a partition is dropped only when every replication slot of the publication has passed its last row.
   * `export`: it is dropped only by `tenantry lifecycle run`, which moves its rows to the store at the age `exportAfter`
   * and deletes them there at the age `retention`.
   */
  readonly dropAfter: "retention" | "slots" | "export";
  readonly exportAfter?: Duration;
}

/** The table `outbox`, placed like a tenant table, and its publication. */
export interface OutboxInputs {
  /** A tenant's own schema. All outboxes share the publication. @default "tenantry" */
  readonly schema?: string;
  readonly column: string;
  readonly type: TenantType;
  /** @default the place of its schema, which is a tenant's own */
  readonly colocateWith?: string;
  readonly maxPayloadBytes: number;
  /**
   * The aggregates whose events it accepts; the program provides their topics. @default any whose name can be part of a
   * topic's name
   */
  readonly aggregates?: readonly string[];
  readonly publication: string;
}

/** The table `processed_events`, placed like a tenant table; pruned in batches. */
export interface ProcessedEventsInputs {
  /** A tenant's own schema. @default "tenantry" */
  readonly schema?: string;
  readonly column: string;
  readonly type: TenantType;
  /** @default the place of its schema, which is a tenant's own */
  readonly colocateWith?: string;
  /** How long a processed event is kept. It must be longer than a topic's retention, or a replay is processed twice. */
  readonly retention: Duration;
}

/** A logical replication slot with pgoutput on one node; a failover slot from PostgreSQL 17 on. */
export interface ReplicationSlotInputs {
  readonly node: PostgresNode;
  readonly slot: string;
}

/** A connector of Kafka Connect. */
export interface ConnectorInputs {
  readonly connector: string;
  /** The configuration without secrets: it has `${file:PATH:KEY}` in their place. */
  readonly config: Readonly<Record<string, string>>;
}

/** Shards that hold the rows of one tenant only. */
export interface TenantShardInputs {
  /** The root of the tenants' co-location group. */
  readonly schema: string;
  readonly table: string;
  readonly type: TenantType;
  /** The tenant column's value, as text. */
  readonly tenant: string;
}

/** The nodes that hold shards. All other nodes are emptied online. */
export interface ShardRebalanceInputs {
  readonly nodes: readonly PostgresNode[];
}
