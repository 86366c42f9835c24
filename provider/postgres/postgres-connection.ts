import { setTimeout as sleep } from "node:timers/promises";
import { checkServerIdentity } from "node:tls";
import { Client, type ClientConfig, type DatabaseError } from "pg";
import { addressOf, type PostgresEndpoint } from "../../architecture/endpoints";
import { formatAddress } from "../../common/address";
import { type Problem, Problems } from "../../common/problem";

/** Timeout of one attempt to connect. */
const connectTimeoutMs = 10_000;
/** Time to wait for a server that has answered before, and for one that may not exist at all. */
const knownPatienceMs = 60_000;
const unknownPatienceMs = 2_000;
/** Wait before the user is informed. */
const tellAfterMs = 2_000;

/** SQLSTATEs by their meaning here. */
export const sqlState = {
  startingUp: "57P03",
  canceled: "57014",
  lockTimeout: "55P03",
  deadlock: "40P01",
  serialization: "40001",
  objectInUse: "55006",
  failedTransaction: "25P02",
  undefinedTable: "42P01",
  undefinedSchema: "3F000",
  undefinedDatabase: "3D000",
  insufficientPrivilege: "42501",
  configurationLimitExceeded: "53400",
} as const;

/** Address of one server, and the login there. */
export type Server = Omit<PostgresEndpoint, "nodes" | "roles">;

export function clientConfig(server: Server): ClientConfig {
  return {
    ...addressOf(server),
    database: server.database,
    user: server.user,
    password: server.password,
    ssl: tls(server),
    application_name: "tenantry",
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
  };
}

function tls({ host, sslmode, ca }: Server): ClientConfig["ssl"] {
  if (sslmode === "disable") return false;
  if (sslmode === "require") return { rejectUnauthorized: false };
  return {
    rejectUnauthorized: true,
    // The server's certificate is checked for this name, whatever address the client connects to.
    checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
    ...(ca === undefined ? {} : { ca }),
  };
}

/**
 * Settings of every session, so that settings of the role or the database change nothing. The server notices a killed
 * client within seconds even while its statement runs, which frees the advisory lock for the next one. A prepared
 * statement is planned once; by default PostgreSQL would plan it five times first.
 */
export const sessionSettings = `
  SET search_path = public; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
  SET lock_timeout = '5s'; SET client_min_messages = warning; SET client_connection_check_interval = '5s';
  SET plan_cache_mode = force_generic_plan; SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'`;

export interface ConnectOptions extends Patience {
  readonly signal?: AbortSignal | undefined;
  /**
   * True to send queries without waiting for the answer of the one before. COPY and cursors are then impossible.
   * @default false
   */
  readonly pipeline?: boolean;
}

interface Patience {
  /** True to wait for a server that is starting. @default true */
  readonly patient?: boolean;
  /**
   * True if the server is known to exist, such as a node, or has answered before. It then gets the time of a restart.
   */
  readonly known?: boolean;
  /** Called with a line for the user while it waits. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** Opens a connection. Waits for a server that is starting. @throws Problems that say what is wrong */
export async function connect(
  server: Server,
  { signal, pipeline = false, ...patience }: ConnectOptions = {},
): Promise<Client> {
  const wait = waitingFor(server, patience);
  for (;;) {
    signal?.throwIfAborted();
    const client = new Client({ ...clientConfig(server), pipeline });
    // A connection that breaks while idle is noticed at its next use.
    client.on("error", () => {});
    try {
      await client.connect();
      await client.query(sessionSettings);
      return client;
    } catch (error) {
      await client.end().catch(() => {});
      await wait(error);
    }
  }
}

/**
 * Called with the error of each attempt: pauses, or throws Problems if another attempt is useless. Nothing was sent
 * yet, so another attempt is safe. It helps only if the server may be starting.
 */
export function waitingFor(
  server: Server,
  { patient = true, known = false, warn }: Patience,
): (error: unknown) => Promise<void> {
  const started = Date.now();
  let told = false;
  return async (error) => {
    const waitedMs = Date.now() - started;
    const patienceMs = connectPatienceMs(error, known);
    if (!patient || waitedMs > patienceMs) throw connectionProblems(error, server);
    if (!told && waitedMs > tellAfterMs) {
      warn?.(
        `PostgreSQL at ${formatAddress(addressOf(server))} is away; waits for it, ${patienceMs / 1_000} s at most`,
      );
      told = true;
    }
    await sleep(300);
  };
}

export function connectPatienceMs(error: unknown, known = false): number {
  const code = errorCode(error) ?? "";
  if (/^57P0[123]$/.test(code)) return knownPatienceMs;
  const isLost =
    code === "ECONNREFUSED" || code === "ECONNRESET" || (error instanceof Error && lossMessage.test(error.message));
  if (!isLost) return -1;
  return known ? knownPatienceMs : unknownPatienceMs;
}

/** Returns the SQLSTATE or the system's error code, also from the causes. */
export function errorCode(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return at.code;
  }
  return undefined;
}

/** True if the server answered with an error. Otherwise the connection broke and the outcome is unknown. */
export function isServerError(error: unknown): error is DatabaseError {
  return error instanceof Error && "severity" in error && "code" in error;
}

/**
 * True if a server went away, ours or one that ours connects to (Citus reports such a loss with class 08). The work
 * is then undone or lost, and worth another try when the server is back.
 */
export function isConnectionLoss(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = "code" in at && typeof at.code === "string" ? at.code : "";
    if (/^(08|57P0)|^(ECONNREFUSED|ECONNRESET|EPIPE)$/.test(code) || lossMessage.test(at.message)) return true;
  }
  return false;
}

export const lossMessage = /Connection terminated|not queryable|Client was closed|ECONNRESET|EPIPE/;

/** Problems with their cause, so that callers can still read its SQLSTATE. */
export function problemsFrom(problem: Problem, cause: unknown): Problems {
  return Object.assign(new Problems([problem]), { cause });
}

export function connectionProblems(error: unknown, server: Server): Problems {
  return problemsFrom(connectionProblem(error, server), error);
}

function connectionProblem(error: unknown, server: Server): Problem {
  const { user, database, sslmode } = server;
  const { host, port } = addressOf(server);
  const where = formatAddress({ host, port });
  const message = error instanceof Error ? error.message : String(error);
  switch (errorCode(error)) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return {
        what: "The database's host name is unknown here",
        got: host,
        fix: host.endsWith(".svc")
          ? "run in the cluster, whose names these are, or say in `tenantry:kubernetes.access` how it is reached from here"
          : "correct `host` in the stack's endpoints, or the name service of this machine",
      };
    case "ECONNREFUSED":
      return {
        what: `No server listens at ${where}`,
        got: "connection refused",
        fix: "start PostgreSQL, or correct `host` and `port` in the stack's endpoints (`tenantry local status` shows the embedded one)",
      };
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
      return unreachable(where);
    case "28P01":
      return {
        what: `PostgreSQL at ${where} refused the password of "${user}"`,
        fix: "correct `user` and `password` in the stack's endpoints",
      };
    case "28000":
      return {
        what: `PostgreSQL at ${where} does not let "${user}" in`,
        got: message,
        fix: "correct `user` in the stack's endpoints, or allow it to log in from here in the server's pg_hba.conf",
      };
    case sqlState.undefinedDatabase:
      return {
        what: `PostgreSQL at ${where} has no database "${database}"`,
        fix: `create it (CREATE DATABASE), or correct \`database\` in the stack's endpoints`,
      };
    case "42501":
      return {
        what: `"${user}" may not connect to the database "${database}" at ${where}`,
        got: message,
        fix: `GRANT CONNECT ON DATABASE to it`,
      };
    case "53300":
      return {
        what: `PostgreSQL at ${where} has no free connection`,
        got: message,
        fix: "close idle clients or raise max_connections; tenantry needs up to five",
      };
    case sqlState.startingUp:
      return {
        what: `PostgreSQL at ${where} does not accept connections yet`,
        got: message,
        fix: "wait and run again",
      };
  }
  if (/timeout expired|connection timeout/.test(message)) return unreachable(where);
  if (/does not support SSL/.test(message)) {
    return {
      what: `PostgreSQL at ${where} does not speak TLS`,
      got: `sslmode: ${sslmode}`,
      fix: "turn `ssl` on in postgresql.conf, or set `sslmode: disable` in the endpoints if the network is trusted",
    };
  }
  if (/certificate|altnames|self.signed|SSL|TLS/i.test(message)) {
    return {
      what: `The certificate of PostgreSQL at ${where} is not trusted`,
      got: message,
      expected: `one for ${server.host}, signed by \`ca\` or by an authority that this system knows`,
      fix: "put the authority's certificate (PEM) into `ca` in the stack's endpoints",
    };
  }
  return {
    what: `Connecting to PostgreSQL at ${where} failed`,
    got: message,
    fix: "see whether a PostgreSQL server listens there, and its log",
  };
}

function unreachable(where: string): Problem {
  return {
    what: `PostgreSQL at ${where} does not answer`,
    got: `nothing within ${connectTimeoutMs / 1_000} s`,
    fix: "correct `host` and `port` in the stack's endpoints, or open the firewall in between",
  };
}
