import { quoteLiteral } from "../../common/identifier";

interface PostgresConfig {
  readonly port: number;
  /** The database that pg_partman's background worker maintains. */
  readonly database: string;
  /** Databases of other stacks on the same servers, which it maintains already. @default none */
  readonly others?: readonly string[];
  /** The superuser. */
  readonly admin: string;
  readonly citus: boolean;
  /** True if this PostgreSQL has pg_stat_statements; some installations package it separately. */
  readonly statistics: boolean;
  /** True from PostgreSQL 17.11, which has a setting for the allowed decoding plugins. */
  readonly outputPluginLibraries: boolean;
}

/** Writes postgresql.conf. */
export function renderPostgresConfig(config: PostgresConfig): string {
  const settings: Record<string, string | number> = {
    listen_addresses: "127.0.0.1",
    port: config.port,
    // Only TCP, because a Unix socket needs a directory that every account can reach.
    unix_socket_directories: "",
    password_encryption: "scram-sha-256",
    max_connections: 150,
    shared_buffers: "128MB",
    max_wal_size: "1GB",
    wal_level: "logical",
    max_wal_senders: 30,
    max_replication_slots: 60,
    max_worker_processes: 24,
    // Citus must be the first.
    shared_preload_libraries: [
      ...(config.citus ? ["citus"] : []),
      ...(config.statistics ? ["pg_stat_statements"] : []),
      "pg_partman_bgw",
    ].join(","),
    "pg_partman_bgw.dbname": [...new Set([...(config.others ?? []), config.database])].join(","),
    "pg_partman_bgw.role": config.admin,
    "pg_partman_bgw.interval": 60,
    timezone: "UTC",
    log_timezone: "UTC",
    lc_messages: "C",
    log_line_prefix: "%m [%p] %q%u@%d ",
    log_checkpoints: "off",
    log_replication_commands: "off",
    // A failing statement may contain a secret.
    log_min_error_statement: "panic",
    ...(config.citus && {
      max_prepared_transactions: 200,
      "citus.enable_change_data_capture": "on",
      // Citus requires TLS between nodes by default; these nodes are on loopback.
      "citus.node_conninfo": "sslmode=prefer",
    }),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${render(value)}`);
  // In this file the list is one string; in SQL it is a list of names.
  if (config.citus && config.outputPluginLibraries) {
    lines.push("output_plugin_libraries = 'pgoutput, test_decoding, citus'");
  }
  return `# Written by \`tenantry local up\` at each start.\n${lines.join("\n")}\n`;
}

function render(value: string | number): string {
  return typeof value === "number" ? String(value) : quoteLiteral(value).trim();
}

/**
 * Writes pg_hba.conf. Every login needs a password and comes from this machine. It rejects physical replication, because there
 * is no standby; the connector's logical replication connects to a database, which `all` covers.
 */
export function renderHba(): string {
  return [
    "# Written by `tenantry local up` at each start.",
    "host replication all 127.0.0.1/32 reject",
    "host all         all 127.0.0.1/32 scram-sha-256",
    "",
  ].join("\n");
}

/** The databases that pg_partman maintains in an existing configuration. */
export function maintainedBy(config: string | undefined): readonly string[] {
  const [, list = ""] = /^pg_partman_bgw\.dbname = '(.*)'$/m.exec(config ?? "") ?? [];
  return list
    .replaceAll("''", "'")
    .split(",")
    .filter((name) => name !== "");
}
