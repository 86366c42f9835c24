import type { Login } from "../../architecture/endpoints";
import { lastingVerifier } from "../../common/scram";

/** What `pgbouncer.ini` is made of. */
export interface PoolerConfig {
  readonly database: string;
  /** Where transactions go: the coordinator's primary. */
  readonly server: { readonly host: string; readonly port: number };
  readonly listen: { readonly address: string; readonly port: number };
  readonly pooling: "transaction" | "session";
  /** Server connections of one pod, of all roles together. */
  readonly serverConnections: number;
  /** Clients of one pod. */
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

/** PgBouncer's settings. Names as its manual has them: https://www.pgbouncer.org/config.html */
export function poolerSettings(config: PoolerConfig): Settings {
  const { listen, pooling, serverConnections, clients, paths } = config;
  return {
    listen_addr: listen.address,
    listen_port: listen.port,
    unix_socket_dir: paths.sockets,
    // The tenant is set by SET LOCAL, so it goes with the transaction, and the connection may serve another tenant next.
    pool_mode: pooling,
    // A tenant that a client set for its session, by mistake, would stay behind. Clients do not wait for this.
    server_reset_query: pooling === "session" ? "DISCARD ALL" : "RESET app.tenant_id",
    server_reset_query_always: 1,
    // The verifiers are the server's own: with them PgBouncer lets a client in, and goes on to the server as it did.
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
    // Statements that drivers prepare by name are prepared again on whichever connection runs them.
    max_prepared_statements: 200,
    // Drivers send it, and it changes nothing.
    ignore_startup_parameters: "extra_float_digits",
    // A client that waits longer for a connection is told, rather than left to its own timeout.
    query_wait_timeout: 30,
    server_connect_timeout: 5,
    server_login_retry: 1,
    // After a failover the connections that stayed are spread again within the hour.
    server_lifetime: 3600,
    server_idle_timeout: 600,
    tcp_keepidle: 60,
    log_connections: 0,
    log_disconnections: 0,
  };
}

/** A whole `pgbouncer.ini`. */
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

/** A whole `auth_file`: the roles that may come this way. No password is in it. */
export function poolerUsers(logins: readonly Login[]): string {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  return logins
    .map(({ user, password }) => `${quoted(user)} ${quoted(lastingVerifier(user, password))}\n`)
    .toSorted()
    .join("");
}
