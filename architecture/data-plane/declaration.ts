import type { Duration } from "../../common/duration";
import type { ForeignKey, TenantType } from "../application";
import type { PostgresNode } from "../endpoints";
import type { Reach } from "../reserved-functions";
import type { SqlStatement } from "../sql/sql-file";

/** What a DataPlane declares: one provider resource each, in an order in which they can be made. */
export type Declaration = {
  readonly [Noun in keyof Inputs]: {
    readonly noun: Noun;
    /** Unique within the noun, and stable: it becomes part of the URN. */
    readonly name: string;
    readonly inputs: Inputs[Noun];
    /** Tenant that owns the resource; its name then ends in `@TENANT`, in a silo in `@silo-TENANT`. */
    readonly tenant?: string;
    /** `NOUN/NAME` of the declarations that must be applied before. */
    readonly after: readonly string[];
  };
}[keyof Inputs];

/** The inputs of each kind of resource. */
export interface Inputs {
  readonly CitusNode: CitusNodeInputs;
  readonly Migration: MigrationInputs;
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
  /** Who registers it: Patroni by itself, which is waited for, or tenantry, by the host and port of `node`. */
  readonly registeredBy: "patroni" | "tenantry";
}

/** The database of one tenant, on every node, with the extensions that the data plane needs. */
export interface TenantDatabaseInputs {
  readonly database: string;
  /** As in the endpoints' logins. */
  readonly tenant: string;
  /** Those that hold shards; the coordinator has the database in any case. */
  readonly nodes: readonly PostgresNode[];
}

/** A schema of one tenant. With Citus its tables lie together on one node, and move together. */
export interface TenantSchemaInputs {
  readonly schema: string;
  /** As in the names of its declarations. */
  readonly tenant: string;
}

/** One SQL file. */
export interface MigrationInputs {
  readonly path: string;
  /** SHA-256 of the file as it stands on disk. */
  readonly hash: string;
  readonly statements: readonly SqlStatement[];
  /** False: each statement commits by itself, and a killed run goes on behind the last one that committed. */
  readonly transaction: boolean;
  /** The schema that unqualified names mean. */
  readonly schema: string;
  /** Where they are looked for next: the shared tables of a tenant's schema. @default nowhere */
  readonly sharedSchema?: string;
  /**
   * `once`: an applied file is never edited. `onChange`: idempotent, run again when its hash changes; the toolkit's
   * own.
   */
  readonly apply: "once" | "onChange";
  /** The declared tables of its schema by name: a file makes no others that anybody else may read. @default none */
  readonly tables?: Readonly<Record<string, "tenant" | "reference" | "local">>;
}

export type Privilege = "SELECT" | "INSERT" | "UPDATE" | "DELETE";
/** Privileges by PostgreSQL role. */
export type Grants = Readonly<Record<string, readonly Privilege[]>>;

/** A table distributed by the tenant column. Without Citus it stays one table, and only its foreign keys are added. */
export interface DistributedTableInputs {
  readonly schema: string;
  readonly table: string;
  /** The distribution column. */
  readonly column: string;
  /**
   * `shardCount` starts a co-location group: the tenant root's. All others join that of a table, `SCHEMA.TABLE`.
   * `withSchema`: where its schema lies, which is a tenant's own.
   */
  readonly placement:
    | { readonly shardCount: number }
    | { readonly colocateWith: string }
    | { readonly withSchema: true };
  readonly foreignKeys: readonly ForeignKey[];
}

/** A table copied to every node; read-only for the roles granted. */
export interface ReferenceTableInputs {
  readonly schema: string;
  readonly table: string;
  readonly foreignKeys: readonly ForeignKey[];
  readonly grants: Grants;
}

/** Row level security, enabled and forced, on a tenant table and each of its partitions, then the roles' privileges. */
export interface TenantIsolationInputs {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly type: TenantType;
  /** The only tenant whose rows may be written. @default any, if it is the transaction's */
  readonly onlyTenant?: string;
  readonly grants: Grants;
}

/** What the roles of a database may do beside their privileges on tables. */
export interface RoleBoundaryInputs {
  /** Those that hold shards; the coordinator is looked at in any case. */
  readonly nodes: readonly PostgresNode[];
  /** Schemas in which only the administrator may create objects. */
  readonly schemas: readonly string[];
  /** By their names in PostgreSQL. */
  readonly roles: Readonly<Record<string, RoleBound>>;
}

export interface RoleBound {
  /** @default no */
  readonly replicates?: true;
  /** The groups of reserved functions that it may call. */
  readonly reaches: readonly Reach[];
  /** With which its sessions in this database begin, as SET takes them: `statement_timeout`, `search_path`. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A partition set kept by pg_partman. */
export interface PartitionSetInputs {
  readonly schema: string;
  readonly table: string;
  readonly by: string;
  readonly every: Duration;
  readonly ahead: number;
  readonly retention?: Duration;
  /** `slots`: a partition is dropped only when every replication slot of the publication has passed its last row. */
  readonly dropAfter: "retention" | "slots";
}

/** The table `outbox`, placed like a tenant table, and its publication. */
export interface OutboxInputs {
  /** A tenant's own, whose outboxes share the publication. @default "tenantry" */
  readonly schema?: string;
  readonly column: string;
  readonly type: TenantType;
  /** @default with its schema, which is a tenant's own */
  readonly colocateWith?: string;
  readonly maxPayloadBytes: number;
  /** Those that it takes events of; the program has their topics. @default any whose name can be part of a topic's */
  readonly aggregates?: readonly string[];
  readonly publication: string;
}

/** The table `processed_events`, placed like a tenant table; pruned in batches. */
export interface ProcessedEventsInputs {
  /** A tenant's own. @default "tenantry" */
  readonly schema?: string;
  readonly column: string;
  readonly type: TenantType;
  /** @default with its schema, which is a tenant's own */
  readonly colocateWith?: string;
  /** How long a processed event is kept: longer than a topic's retention, or a replay is processed twice. */
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
  /** No secrets: `${file:PATH:KEY}` in their place. */
  readonly config: Readonly<Record<string, string>>;
}

/** One tenant in shards of its own. */
export interface TenantShardInputs {
  /** The root of the tenants' co-location group. */
  readonly schema: string;
  readonly table: string;
  readonly type: TenantType;
  /** The tenant column's value, as text. */
  readonly tenant: string;
}

/** The nodes that hold shards; all other nodes are emptied online. */
export interface ShardRebalanceInputs {
  readonly nodes: readonly PostgresNode[];
}
