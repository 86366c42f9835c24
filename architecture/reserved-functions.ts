/**
 * Functions that every role may call on a fresh database and that reach further than rows: the log, slots, files, other
 * sessions, other servers. This is the only list: `RoleBoundary` revokes by it, `refresh` and `verify` check by it, and
 * a test compares it with docs/tenant-isolation.md.
 */

export const reaches = [
  "log",
  "slots",
  "slotPositions",
  "files",
  "largeObjects",
  "advisoryLocks",
  "signals",
  "sessions",
  "nodes",
  "servers",
  "hiddenRows",
] as const;

/** The names by which a role in `architecture.yaml` opts in to a group of functions. */
export type Reach = (typeof reaches)[number];

/**
 * Roles that need a group: `cdc` reads the change stream, `writers` write a table; the others are PostgreSQL's own
 * roles.
 */
export type Need = "cdc" | "writers" | "pg_read_all_stats" | "pg_signal_backend";

interface ReservedFunctions {
  /** The end of a sentence: "a role that may call one …". */
  readonly harm: string;
  readonly neededBy: readonly Need[];
  /**
   * Functions in pg_catalog, including those of Citus, with every signature. Functions that a server does not have are
   * ignored.
   */
  readonly functions: readonly string[];
  /** Extensions all of whose functions belong to the group, in whichever schema. */
  readonly extensions?: readonly string[];
}

export const reservedFunctions: Readonly<Record<Reach, ReservedFunctions>> = {
  log: {
    harm: "puts a message of any size into the change stream: one of 2 MB stopped every tenant's events",
    neededBy: ["cdc"],
    functions: ["pg_logical_emit_message"],
  },
  slots: {
    harm: "makes, moves, reads or drops replication slots, as far as its attributes go: the stream of all tenants",
    neededBy: [],
    functions: [
      "pg_create_physical_replication_slot",
      "pg_create_logical_replication_slot",
      "pg_copy_physical_replication_slot",
      "pg_copy_logical_replication_slot",
      "pg_drop_replication_slot",
      "pg_replication_slot_advance",
      "pg_sync_replication_slots",
      "pg_logical_slot_get_changes",
      "pg_logical_slot_get_binary_changes",
      "pg_logical_slot_peek_changes",
      "pg_logical_slot_peek_binary_changes",
    ],
  },
  slotPositions: {
    harm: "sees the names and positions of all slots",
    neededBy: ["cdc", "pg_read_all_stats"],
    functions: ["pg_get_replication_slots", "pg_stat_get_replication_slot", "pg_stat_get_wal_senders"],
  },
  files: {
    harm: "makes the server write or read files",
    neededBy: [],
    functions: ["pg_export_snapshot", "pg_import_system_collations", "pg_read_file_old", "pg_rotate_logfile_old"],
  },
  largeObjects: {
    harm: "keeps data where no policy holds it: a large object belongs to a role, and a role serves every tenant",
    neededBy: [],
    functions: [
      "lo_creat",
      "lo_create",
      "lo_from_bytea",
      "lo_get",
      "lo_put",
      "lo_open",
      "lo_unlink",
      "lo_truncate",
      "lo_truncate64",
      "loread",
      "lowrite",
    ],
  },
  advisoryLocks: {
    harm: "makes others wait for a lock of its own choice: `tenantry up` among them",
    neededBy: ["writers"],
    functions: [
      "pg_advisory_lock",
      "pg_advisory_lock_shared",
      "pg_advisory_xact_lock",
      "pg_advisory_xact_lock_shared",
      "pg_try_advisory_lock",
      "pg_try_advisory_lock_shared",
      "pg_try_advisory_xact_lock",
      "pg_try_advisory_xact_lock_shared",
    ],
  },
  signals: {
    harm: "ends the sessions of its own role, whichever tenants they serve",
    neededBy: ["pg_signal_backend"],
    functions: ["pg_cancel_backend", "pg_terminate_backend"],
  },
  sessions: {
    harm: "reads the statements of its own role's sessions, with the values of whichever tenants they serve, and what others wait for",
    neededBy: ["pg_read_all_stats"],
    functions: [
      "pg_stat_get_activity",
      "pg_stat_get_backend_activity",
      "pg_stat_get_backend_activity_start",
      "pg_stat_get_backend_client_addr",
      "pg_stat_get_backend_client_port",
      "pg_stat_get_backend_dbid",
      "pg_stat_get_backend_idset",
      "pg_stat_get_backend_pid",
      "pg_stat_get_backend_start",
      "pg_stat_get_backend_subxact",
      "pg_stat_get_backend_userid",
      "pg_stat_get_backend_wait_event",
      "pg_stat_get_backend_wait_event_type",
      "pg_stat_get_backend_xact_start",
      "pg_stat_get_progress_info",
      "pg_stat_get_subscription",
      "pg_stat_get_wal_receiver",
      "pg_lock_status",
      "pg_prepared_xact",
      "pg_blocking_pids",
      "pg_safe_snapshot_blocking_pids",
      "pg_isolation_test_session_is_blocked",
      "citus_stat_activity",
      "citus_dist_stat_activity",
      "citus_worker_stat_activity",
      "citus_locks",
      "citus_lock_waits",
      "get_all_active_transactions",
      "get_global_active_transactions",
      "dump_global_wait_edges",
      "dump_local_wait_edges",
      "citus_internal_global_blocked_processes",
      "citus_internal_local_blocked_processes",
    ],
    extensions: ["pg_stat_statements"],
  },
  nodes: {
    harm: "runs statements or opens connections on other nodes, in transactions of their own",
    neededBy: [],
    functions: [
      "run_command_on_all_nodes",
      "run_command_on_colocated_placements",
      "run_command_on_coordinator",
      "run_command_on_placements",
      "run_command_on_shards",
      "run_command_on_workers",
      "master_run_on_worker",
      "citus_check_cluster_node_health",
      "citus_check_connection_to_node",
      "citus_get_active_worker_nodes_health",
      "citus_run_local_command",
    ],
  },
  servers: {
    harm: "reaches other servers, and this one under another login",
    neededBy: [],
    functions: [],
    extensions: ["dblink", "http", "pg_net"],
  },
  hiddenRows: {
    harm: "sees where rows lie that a policy hides",
    neededBy: [],
    functions: ["currtid2"],
  },
};
