import type { Login } from "../../architecture/endpoints";
import { lastingVerifier } from "../../common/scram";

/** The values in `pgbouncer.ini`. */
export interface PoolerConfig {
  readonly database: string;
  /** The server that runs the transactions: the coordinator's primary. */
  readonly server: { readonly host: string; readonly port: number };
  readonly listen: { readonly address: string; readonly port: number };
  readonly pooling: "transaction" | "session";
  /** The limit of one pod's server connections, for all roles together. */
  readonly serverConnections: number;
  /** The limit of one pod's clients. */
  readonly clients: number;
  readonly paths: {
    readonly users: string;
    readonly sockets: string;
    readonly certificate: string;
    readonly key: string;
    /** The authority that signs the server's certificate. */
    readonly authority: string;
  };
}

type Settings = Readonly<Record<string, string | number>>;

/** PgBouncer's settings, under the names in its manual: https://www.pgbouncer.org/config.html */
export function poolerSettings(config: PoolerConfig): Settings {
  const { listen, pooling, serverConnections, clients, paths } = config;
  return {
    listen_addr: listen.address,
    listen_port: listen.port,
    unix_socket_dir: paths.sockets,
    // SET LOCAL sets the tenant, so it ends with the transaction, and the connection may serve another tenant next.
    pool_mode: pooling,
    // Removes a tenant that a client set for its session by mistake. Clients don't wait for this.
    server_reset_query: pooling === "session" ? "DISCARD ALL" : "RESET app.tenant_id",
    server_reset_query_always: 1,
    // PgBouncer has the server's SCRAM verifiers. It checks clients with them and logs in to the server with the client's keys.
    auth_type: "scram-sha-256",
    auth_file: paths.users,
    client_tls_sslmode: "require",
    client_tls_cert_file: paths.certificate,
    client_tls_key_file: paths.key,
    server_tls_sslmode: "verify-full",
    server_tls_ca_file: paths.authority,
    max_client_conn: clients,
    max_db_connections: serverConnections,
    default_pool_size: serverConnections,
    // PgBouncer prepares a driver's named statements again on the connection that runs them.
    max_prepared_statements: 200,
    // Drivers send this parameter; PgBouncer may ignore it.
    ignore_startup_parameters: "extra_float_digits",
    // A client that waits longer for a connection gets an error instead of running into its own timeout.
    query_wait_timeout: 30,
    server_connect_timeout: 5,
    server_login_retry: 1,
    // Within an hour after a failover, connections are spread over the pods again.
    server_lifetime: 3600,
    server_idle_timeout: 600,
    tcp_keepidle: 60,
    log_connections: 0,
    log_disconnections: 0,
  };
}

/** Writes `pgbouncer.ini`. */
export function poolerConfig({ database, server }: PoolerConfig, settings: Settings): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  return [
    "[databases]",
    `${database} = host=${server.host} port=${server.port} dbname=${database}`,
    "",
    "[pgbouncer]",
    ...lines,
    "",
  ].join("\n");
}

/** Writes the `auth_file` with the roles that may use the pooler. It contains no password. */
export function poolerUsers(logins: readonly Login[]): string {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  return logins
    .map(({ user, password }) => `${quoted(user)} ${quoted(lastingVerifier(user, password))}\n`)
    .toSorted()
    .join("");
}
