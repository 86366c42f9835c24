import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Endpoints } from "../architecture/endpoints";
import { type Progress, silent } from "../common/system/progress";
import { run } from "../common/system/run";
import { down } from "../local/down";
import { type Home, type HomeSettings, readSettings } from "../local/home";
import { ensureApplication } from "../local/servers/application-database";
import { addConnectSecret } from "../local/servers/connect-secrets";
import { dropDatabase } from "../local/servers/database-removal";
import { connectOf, workersOf } from "../local/servers/local-cluster";
import { type PostgresPrograms, requirePostgres } from "../local/servers/postgres-programs";
import { stateOf, stopServer } from "../local/servers/server";
import { withSession } from "../local/servers/sql-session";
import { startAll } from "../local/start";
import { up } from "../local/up";
import { openConnect } from "../provider/connect/connect-client";
import { removeConnector } from "./connector-removal";

/** The benchmarks' own embedded servers, on free ports. */
export interface BenchServers {
  readonly home: Home;
  readonly endpoints: Endpoints;
  readonly programs: PostgresPrograms;
  readonly citus: boolean;
  /** Starts a new process of Kafka Connect. Exactly-once is a setting of the worker, so a restart changes it. */
  restartConnect(exactlyOnce: boolean): Promise<void>;
  /** The process id of Kafka Connect. */
  connectPid(): number;
  /** Creates a database with extensions and the application's roles, runs the work, and drops the database. */
  withDatabase<T>(application: string, work: (endpoints: Endpoints) => Promise<T>): Promise<T>;
}

const connectHeapMiB = 512;
const roles = ["app", "agent"];

/** Starts the servers, runs the work, and stops the servers, even after an error or an interrupt. */
export async function withServers<T>(
  home: Home,
  progress: Progress,
  work: (servers: BenchServers) => Promise<T>,
): Promise<T> {
  const interrupted = () => void down(home, silent).finally(() => process.exit(130));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupted);
  try {
    const application = { name: "ecommerce", roles };
    const { endpoints } = await up(
      home,
      { ports: { postgres: 0, kafka: 0, connect: 0 }, application, connectHeapMiB },
      progress,
    );
    const settings = readSettings(home);
    if (!settings) throw new Error("the servers that were just started are not remembered");
    await removeLeftovers(endpoints, settings);
    return await work(await openServers(home, settings, endpoints));
  } finally {
    await down(home, silent);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupted);
  }
}

/** What a killed run left in this home, where all but the servers is a run's: connectors first, which hold slots of the databases. */
async function removeLeftovers({ postgres, connect: at }: Endpoints, settings: HomeSettings): Promise<void> {
  const connect = openConnect(at);
  for (const connector of await connect.names()) await removeConnector(connect, connector);
  const left = await withSession(postgres, "postgres", (client) =>
    client.query<{ datname: string }>("SELECT datname FROM pg_database WHERE datname ~ $1", [ownDatabase.source]),
  );
  for (const { datname } of left.rows) await dropDatabase(postgres, workersOf(settings), datname);
}

/** As `withDatabase` names them: the application and six digits. */
const ownDatabase = /_[0-9a-f]{6}$/;

async function openServers(home: Home, settings: HomeSettings, endpoints: Endpoints): Promise<BenchServers> {
  const { citus } = settings;
  return {
    home,
    endpoints,
    programs: await requirePostgres(),
    citus,
    async restartConnect(exactlyOnce) {
      await stopServer(home, "connect");
      await startAll(home, [connectOf(home, settings, { connectHeapMiB, exactlyOnce })], silent);
    },
    connectPid() {
      const { pid } = stateOf(home, "connect");
      if (pid === undefined) throw new Error("Kafka Connect does not run");
      return pid;
    },
    withDatabase: (application, work) => withDatabase(endpoints, settings, application, work),
  };
}

async function withDatabase<T>(
  { postgres, kafka, connect }: Endpoints,
  settings: HomeSettings,
  application: string,
  work: (endpoints: Endpoints) => Promise<T>,
): Promise<T> {
  const database = `${application}_${randomBytes(3).toString("hex")}`;
  const workers = workersOf(settings);
  const { password: secret } = postgres;
  const logins = await ensureApplication(postgres, { name: application, database, roles, workers, secret });
  const password = logins.cdc?.password ?? "";
  try {
    return await work({
      postgres: { ...postgres, database, roles: logins },
      kafka,
      connect: {
        ...connect,
        databasePassword: addConnectSecret(connect.databasePassword, `${application}_cdc`, password),
      },
    });
  } finally {
    await dropDatabase(postgres, workers, database);
  }
}

/** Runs a script with psql, one statement at a time: in a single message Citus would pass a SET on with everything after it. */
export async function runScript(servers: BenchServers, endpoints: Endpoints, script: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-bench-"));
  try {
    const file = join(folder, "script.sql");
    writeFileSync(file, script);
    await runPostgres(servers, endpoints, "psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs one of PostgreSQL's programs on the endpoints' database. The password is in the environment. */
export async function runPostgres(
  { programs }: BenchServers,
  { postgres }: Endpoints,
  program: "psql" | "pgbench" | "pg_recvlogical",
  args: readonly string[],
  login: { readonly user: string; readonly password: string } = postgres,
): Promise<string> {
  const { code, stdout, stderr } = await run(`${programs.bin}/${program}`, args, {
    cwd: "/",
    env: {
      ...process.env,
      PGHOST: postgres.host,
      PGPORT: String(postgres.port),
      PGDATABASE: postgres.database,
      PGUSER: login.user,
      PGPASSWORD: login.password,
    },
  });
  if (code === 0) return stdout;
  throw new Error(`${program} ended with ${code}: ${(stderr || stdout).trim().split("\n").slice(-3).join("; ")}`);
}
