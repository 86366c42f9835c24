import { existsSync, statfsSync } from "node:fs";
import { join } from "node:path";
import type { Endpoints } from "../architecture/endpoints";
import { type Problem, Problems, refuseIfAny } from "../architecture/problem";
import { ensureApplication } from "./application";
import { adminPassword, clusterOf, shardNodes, workersOf } from "./cluster";
import { connectSecrets, referTo, setConnectSecrets } from "./connect-secrets";
import { dataDirectory } from "./data-directory";
import { writeEndpoints } from "./endpoints-file";
import { readIfThere } from "./files";
import { type Home, type HomeSettings, makeHome, newClusterId, newSecret, readSettings, writeSettings } from "./home";
import { withLock } from "./lock";
import { freePort, isFree, type Listener, listenerOf } from "./port";
import { choosePorts, type PortWishes } from "./ports";
import { admin } from "./postgres";
import { type PostgresPrograms, requirePostgres } from "./postgres-programs";
import { identify } from "./process-id";
import type { Progress } from "./progress";
import { adopt, launch, type Server, stateOf, stopServer, waitUntilHealthy } from "./server";
import type { StackApplication } from "./stack-application";
import { postgresAccount, type SystemUser } from "./system-user";

export interface UpOptions {
  readonly ports: PortWishes;
  readonly application: StackApplication;
  /** @default 512 */
  readonly connectHeapMiB: number;
}

export interface UpResult {
  readonly endpoints: Endpoints;
  /** Names of the servers that this `up` started; empty if all ran already. */
  readonly started: readonly string[];
}

const loopback = "127.0.0.1";

/** Starts what does not run, waits until it serves, and makes the application's database and roles. */
export function up(home: Home, options: UpOptions, progress: Progress): Promise<UpResult> {
  makeHome(home);
  return withLock(home.lock, home.directory, async () => {
    const user = postgresAccount();
    const remembered = readSettings(home);
    if (!remembered) refuseIfAny(orphanedData(home, user));
    const programs = await requirePostgres(remembered && dataMajor(remembered));
    const settings = await settle(home, remembered, options.ports, programs, user);
    const servers = clusterOf(home, settings, {
      database: options.application.name,
      programs,
      user,
      connectHeapMiB: options.connectHeapMiB,
    });
    refuseIfAny(diskProblems([home.directory]));
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

function dataMajor({ postgresData }: HomeSettings): number | undefined {
  const version = Number(readIfThere(join(postgresData, "postgres", "PG_VERSION")));
  return version || undefined;
}

async function settle(
  home: Home,
  remembered: HomeSettings | undefined,
  wishes: PortWishes,
  programs: PostgresPrograms,
  user: SystemUser | undefined,
): Promise<HomeSettings> {
  const ports = await choosePorts(wishes, remembered?.ports, {
    usable: async (port) => (await isFree(port)) || (await isOwn(port, home, remembered)),
    free: freePort,
  });
  const settings = remembered
    ? { ...remembered, ports }
    : {
        ports,
        postgresData: dataDirectory(home, user),
        citus: programs.citus,
        secret: newSecret(),
        kafkaClusterId: newClusterId(),
      };
  writeSettings(home, settings);
  return settings;
}

async function isOwn(port: number, home: Home, settings: HomeSettings | undefined): Promise<boolean> {
  const command = (await listenerOf(port))?.command ?? "";
  return command.includes(home.directory) || (settings !== undefined && command.includes(settings.postgresData));
}

/** Data whose passwords and ports are lost with the settings. */
function orphanedData(home: Home, user: SystemUser | undefined): Problem[] {
  const data = dataDirectory(home, user);
  if (!existsSync(join(data, "postgres"))) return [];
  return [
    {
      what: "The settings of the embedded servers are missing or damaged, so their data cannot be opened",
      got: home.settings,
      fix: `Restore that file, or delete the data (${data}) too: \`tenantry local reset --yes\`.`,
    },
  ];
}

async function startAll(home: Home, servers: readonly Server[], progress: Progress): Promise<readonly string[]> {
  refuseIfAny((await Promise.all(servers.map((server) => portProblems(home, server)))).flat());
  const runs = new Map<string, ReturnType<typeof start>>();
  for (const server of servers) {
    // Connect gives up where Kafka takes a minute, as on a busy machine, so it starts when Kafka serves.
    const first = server.name === "connect" ? runs.get("kafka") : undefined;
    const work = async () => {
      await first;
      return progress.part(
        server.title,
        () => start(home, server),
        ({ text }) => text,
      );
    };
    runs.set(server.name, work());
  }
  const outcomes = await Promise.allSettled(runs.values());
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  const problems = [...new Set(failures)].flatMap((failure) => (failure instanceof Problems ? failure.problems : []));
  const unexpected = failures.find((failure) => !(failure instanceof Problems));
  refuseIfAny(problems);
  if (unexpected) throw unexpected;
  return servers
    .filter((_, index) => {
      const outcome = outcomes[index];
      return outcome?.status === "fulfilled" && outcome.value.started;
    })
    .map(({ name }) => name);
}

async function start(home: Home, server: Server): Promise<{ readonly started: boolean; readonly text: string }> {
  const changed = await server.prepare();
  const before = stateOf(home, server.name);
  const where = `${loopback}:${server.port}`;
  if (before.state === "running" && !changed) {
    await waitUntilHealthy(home, server);
    return { started: false, text: `already runs on ${where}` };
  }
  if (before.state === "running") await stopServer(home, server.name);
  launch(home, server);
  await waitUntilHealthy(home, server);
  const how =
    before.state === "running"
      ? "restarted, settings changed"
      : before.state === "killed"
        ? "was killed, runs again"
        : "runs";
  return { started: true, text: `${how} on ${where}` };
}

/** What stands in the way of a server that does not run; an own process that nobody wrote down is taken over instead. */
async function portProblems(home: Home, server: Server): Promise<Problem[]> {
  if (stateOf(home, server.name).state === "running") return [];
  const problems: Problem[] = [];
  for (const port of server.ports) {
    if (await isFree(port)) continue;
    const listener = await listenerOf(port);
    const own = listener?.command.includes(server.mark) ? identify(listener.pid) : undefined;
    if (own) adopt(home, server.name, own);
    else problems.push(portInUse(server, port, listener));
  }
  return problems;
}

function portInUse(server: Server, port: number, listener: Listener | undefined): Problem {
  const variable = `TENANTRY${server.portFlag.replaceAll("-", "_").replace("__", "_").toUpperCase()}`;
  return {
    what: `Port ${port} for ${server.title} is in use`,
    got: listener
      ? `process ${listener.pid}: ${listener.command.slice(0, 100) || "of another account"}`
      : "a process that cannot be seen from this account",
    fix: `Stop that process, or choose another port: \`tenantry local up ${server.portFlag} PORT\` (or ${variable}=PORT; 0 takes any free one).`,
  };
}

function diskProblems(directories: readonly string[]): Problem[] {
  const neededMiB = 512;
  return directories.flatMap((directory) => {
    const { bavail, bsize } = statfsSync(directory);
    const freeMiB = Math.floor((bavail * bsize) / 2 ** 20);
    if (freeMiB >= neededMiB) return [];
    return [
      {
        what: `The disk of ${directory} is almost full`,
        got: `${freeMiB} MiB free`,
        expected: `at least ${neededMiB} MiB`,
        fix: "Free some space, or put the servers on another disk: `tenantry local up --home DIR`.",
      },
    ];
  });
}

async function preparePlatform(home: Home, settings: HomeSettings, application: StackApplication): Promise<Endpoints> {
  const { ports, secret } = settings;
  const login = { user: admin, password: adminPassword(secret) };
  const server = { host: loopback, port: ports.postgres };
  const roles = await ensureApplication(
    { ...server, ...login },
    { name: application.name, roles: application.roles, workers: workersOf(settings), secret: login.password },
  );
  const password = roles["cdc"]?.password ?? "";
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
    kafka: { bootstrapServers: [`${loopback}:${ports.kafka}`] },
    connect: {
      url: `http://${loopback}:${ports.connect}`,
      databasePassword: referTo(connectSecrets(home), "cdc"),
    },
  };
  writeEndpoints(home.endpoints, endpoints);
  return endpoints;
}
