import { checkpointSeconds, checkpointTarget } from "../../planner/node-plan";
import type { NodeSize } from "../../settings/pod-size";
import { nodeUser } from "./citus-names";
import type { CitusPlan } from "./citus-plan";
import { paths } from "./paths";

type Parameters = Readonly<Record<string, string | number>>;

const MiB = 2 ** 20;

/**
 * Settings that a primary and its standbys must share, so that Patroni takes them from its store alone. A change needs
 * a restart of every pod, standbys first where a number falls.
 */
export function sharedParameters({ maxConnections }: CitusPlan): Parameters {
  return {
    // Clients of the coordinator, and its connections to a worker: the same, as each may need one on every node.
    max_connections: maxConnections,
    // Each distributed transaction prepares one a connection.
    max_prepared_transactions: 2 * maxConnections,
    max_locks_per_transaction: 256,
    max_worker_processes: 24,
    max_replication_slots: 30,
    max_wal_senders: 30,
    wal_level: "logical",
    wal_log_hints: "on",
  };
}

/** All other settings: part of Patroni's file, so that an edit restarts pods one after the other. */
export function localParameters(plan: CitusPlan, group: number): Parameters {
  const { memory, storage } = group === 0 ? plan.coordinator : plan.worker;
  return {
    ...memoryParameters(memory, plan.maxConnections),
    ...walParameters(storage, plan),
    shared_preload_libraries: "citus,pg_partman_bgw",
    // Made and kept on the coordinator; Citus makes the shards' partitions.
    ...(group === 0 && {
      "pg_partman_bgw.dbname": plan.database,
      "pg_partman_bgw.role": nodeUser,
      "pg_partman_bgw.interval": 300,
    }),
    "citus.enable_change_data_capture": "on",
    "citus.node_conninfo": `sslmode=verify-full sslrootcert=${paths.authority}`,
    output_plugin_libraries: "pgoutput, test_decoding, citus",
    // Slots survive a failover: standbys keep copies, and keep what those need.
    sync_replication_slots: "on",
    hot_standby_feedback: "on",
    ssl: "on",
    ssl_ca_file: paths.authority,
    ssl_cert_file: paths.certificate,
    ssl_key_file: paths.key,
    ssl_min_protocol_version: "TLSv1.2",
    password_encryption: "scram-sha-256",
    idle_in_transaction_session_timeout: "10min",
    timezone: "UTC",
    log_timezone: "UTC",
    // A failing statement may hold a secret.
    log_min_error_statement: "panic",
  };
}

function memoryParameters({ bytes }: NodeSize["memory"], connections: number): Parameters {
  const share = (part: number) => `${Math.floor((bytes * part) / MiB)}MB`;
  return {
    shared_buffers: share(0.25),
    effective_cache_size: share(0.7),
    maintenance_work_mem: share(0.05),
    work_mem: `${Math.max(4, Math.floor((bytes * 0.25) / connections / MiB))}MB`,
  };
}

/** A connector that stands still must not fill the volume: beyond a quarter of it, its slot is given up. */
function walParameters({ bytes }: NodeSize["storage"], { maxWalSize, maxSlotWalKeepSize }: CitusPlan): Parameters {
  const mebibytes = (size: number) => `${Math.max(64, Math.floor(size / MiB))}MB`;
  return {
    // By the clock, and spread over it: the plan sizes max_wal_size for this.
    checkpoint_timeout: `${checkpointSeconds}s`,
    checkpoint_completion_target: checkpointTarget,
    max_wal_size: mebibytes(maxWalSize?.bytes ?? bytes * 0.1),
    min_wal_size: "80MB",
    max_slot_wal_keep_size: mebibytes(maxSlotWalKeepSize?.bytes ?? bytes * 0.25),
  };
}
