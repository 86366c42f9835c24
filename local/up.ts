import { join } from "node:path";
import type { Endpoints } from "../architecture/endpoints";
import { refuseIfAny } from "../common/problem";
import { readAs } from "../common/system/account-files";
import { cacheDirectory } from "../common/system/cache";
import { withLock } from "../common/system/lock";
import { requireOwnFolders } from "../common/system/ownership";
import type { Progress } from "../common/system/progress";
import { postgresAccount, type SystemUser } from "../common/system/system-user";
import { requireUsablePath } from "../common/system/usable-path";
import type { StackApplication } from "../settings/stack-application";
import { writeEndpoints } from "./endpoints-file";
import { type Home, type HomeSettings, makeHome, newClusterId, newSecret, readSettings, writeSettings } from "./home";
import { ensureApplication } from "./servers/application-database";
import { connectSecrets, setConnectSecrets } from "./servers/connect-secrets";
import { dataDirectory } from "./servers/data-directory";
import { adminPassword, clusterOf, shardNodes, streamEndpoints, workersOf } from "./servers/local-cluster";
import { freePort, isFree, listenerOf } from "./servers/port";
import { choosePorts, type PortWishes } from "./servers/ports";
import { type PostgresPrograms, requirePostgres } from "./servers/postgres-programs";
import { admin } from "./servers/postgres-server";
import { startAll } from "./start";
import { diskProblems, orphanedData, portProblems } from "./startup-checks";

interface UpOptions {
  readonly ports: PortWishes;
  readonly application: StackApplication;
  /** @default 512 */
  readonly connectHeapMiB: number;
}

interface UpResult {
  readonly endpoints: Endpoints;
  /** Names of the servers that this `up` started; empty if all were running. */
  readonly started: readonly string[];
}

const loopback = "127.0.0.1";

/** Starts the servers that do not run, waits until they serve, and creates the application's database and roles. */
export function up(home: Home, options: UpOptions, progress: Progress): Promise<UpResult> {
  requireUsablePath(home.directory, "their home", "Move the project, or name another folder with --home.");
  requireUsablePath(
    cacheDirectory(),
    "the cache of what they run",
    "Name another folder in XDG_CACHE_HOME, then `tenantry setup`.",
  );
  requireOwnFolders(home.directory, "the home of the embedded servers");
  makeHome(home);
  return withLock(home.lock, home.directory, async () => {
    const user = postgresAccount();
    const remembered = readSettings(home);
    if (!remembered) refuseIfAny(orphanedData(home, user));
    const programs = await requirePostgres(remembered && (await dataMajor(remembered, user)));
    const settings = await settle(home, remembered, options.ports, programs, user);
    const servers = clusterOf(home, settings, {
      database: options.application.name,
      programs,
      user,
      connectHeapMiB: options.connectHeapMiB,
    });
    const inTheWay = await Promise.all(servers.map((server) => portProblems(home, server)));
    refuseIfAny([...diskProblems([home.directory]), ...inTheWay.flat()]);
    // Settings are saved only after the checks, so refused settings are not kept.
    writeSettings(home, settings);
    const started = await startAll(home, servers, progress);
    const endpoints = await progress.part(
      "Database and roles",
      () => preparePlatform(home, settings, options.application),
      ({ postgres }) =>
        `${postgres.database}: ${Object.values(postgres.roles)
          .map(({ user }) => user)
          .join(", ")}`,
    );
    return { endpoints, started };
  });
}

async function dataMajor({ postgresData }: HomeSettings, user: SystemUser | undefined): Promise<number | undefined> {
  const version = Number(await readAs(user, join(postgresData, "postgres", "PG_VERSION")));
  return version || undefined;
}

async function settle(
  home: Home,
  remembered: HomeSettings | undefined,
  wishes: PortWishes,
  programs: PostgresPrograms,
  user: SystemUser | undefined,
): Promise<HomeSettings> {
  const ports = await choosePorts(wishes, remembered, {
    usable: async (port) => (await isFree(port)) || (await isOwn(port, home, remembered)),
    free: freePort,
  });
  return remembered
    ? { ...remembered, ...ports }
    : {
        ...ports,
        postgresData: dataDirectory(home, user),
        citus: programs.citus,
        secret: newSecret(),
        kafkaClusterId: newClusterId(),
      };
}

async function isOwn(port: number, home: Home, settings: HomeSettings | undefined): Promise<boolean> {
  const command = (await listenerOf(port))?.command ?? "";
  return command.includes(home.directory) || (settings !== undefined && command.includes(settings.postgresData));
}

async function preparePlatform(home: Home, settings: HomeSettings, application: StackApplication): Promise<Endpoints> {
  const { ports, secret } = settings;
  const login = { user: admin, password: adminPassword(secret) };
  const server = { host: loopback, port: ports.postgres };
  const roles = await ensureApplication(
    { ...server, ...login },
    {
      ...{ name: application.name, roles: application.roles, ...application.tenancy },
      ...{ workers: workersOf(settings), secret: login.password },
    },
  );
  const password = roles.cdc?.password ?? "";
  setConnectSecrets(connectSecrets(home), { cdc: password });
  const endpoints: Endpoints = {
    postgres: {
      ...server,
      ...login,
      database: application.name,
      sslmode: "disable",
      nodes: shardNodes(settings),
      roles,
    },
    ...streamEndpoints(home, settings),
  };
  writeEndpoints(home.endpoints, endpoints);
  return endpoints;
}
