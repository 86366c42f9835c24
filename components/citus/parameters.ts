import { checkpointSeconds, checkpointTarget } from "../../planner/node-plan";
import type { NodeSize } from "../../settings/pod-size";
import { nodeUser } from "./citus-names";
import type { CitusPlan } from "./citus-plan";
import { paths } from "./paths";

type Parameters = Readonly<Record<string, string | number>>;

const MiB = 2 ** 20;

/**
 * Settings that a primary and its standbys must share; Patroni takes them only from its store. A change restarts every pod,
 * the standbys first if a number falls.
 */
export function sharedParameters({ maxConnections }: CitusPlan): Parameters {
  return {
    // Every client of the coordinator may need a connection to every worker, so both limits are the same.
    max_connections: maxConnections,
    // A distributed transaction prepares one transaction for each connection.
    max_prepared_transactions: 2 * maxConnections,
    max_locks_per_transaction: 256,
    max_worker_processes: 24,
    max_replication_slots: 30,
    max_wal_senders: 30,
    wal_level: "logical",
    wal_log_hints: "on",
  };
}

/** All other settings. They are in Patroni's file, so a change restarts the pods one after the other. */
export function localParameters(plan: CitusPlan, group: number): Parameters {
  const { memory, storage } = group === 0 ? plan.coordinator : plan.worker;
  return {
    ...memoryParameters(memory, plan.maxConnections),
    ...walParameters(storage, plan),
    shared_preload_libraries: "citus,pg_partman_bgw",
    // pg_partman runs on the coordinator; Citus makes the shards' partitions.
    ...(group === 0 && {
      "pg_partman_bgw.dbname": plan.database,
      "pg_partman_bgw.role": nodeUser,
      "pg_partman_bgw.interval": 300,
    }),
    "citus.enable_change_data_capture": "on",
    "citus.node_conninfo": `sslmode=verify-full sslrootcert=${paths.authority}`,
    output_plugin_libraries: "pgoutput, test_decoding, citus",
    // Standbys keep copies of the slots, and the WAL that these need, so that slots survive a failover.
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
    // A failing statement may contain a secret.
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

/** A stopped connector must not fill the volume, so PostgreSQL drops a slot's WAL beyond a quarter of the volume. */
function walParameters({ bytes }: NodeSize["storage"], { maxWalSize, maxSlotWalKeepSize }: CitusPlan): Parameters {
  const mebibytes = (size: number) => `${Math.max(64, Math.floor(size / MiB))}MB`;
  return {
    // Checkpoints come at this interval and are spread over it; the planner sizes max_wal_size for that.
    checkpoint_timeout: `${checkpointSeconds}s`,
    checkpoint_completion_target: checkpointTarget,
    max_wal_size: mebibytes(maxWalSize?.bytes ?? bytes * 0.1),
    min_wal_size: "80MB",
    max_slot_wal_keep_size: mebibytes(maxSlotWalKeepSize?.bytes ?? bytes * 0.25),
  };
}
