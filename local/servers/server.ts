import { spawn } from "node:child_process";
import { closeSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { Problems } from "../../common/problem";
import { lastLines, readIfThere, writePrivate } from "../../common/system/files";
import { identify, isRunning, type ProcessId, stopProcess } from "../../common/system/process-id";
import type { SystemUser } from "../../common/system/system-user";
import type { Home } from "../home";
import { explainDeath } from "./log-causes";
import { type ServerName, serverTitles, stopSteps } from "./server-names";

/** One embedded server: a process that outlives the command that started it. */
export interface Server {
  /** The name in file names and on the command line: `postgres`. */
  readonly name: ServerName;
  /** The name for users: `PostgreSQL`. */
  readonly title: string;
  readonly port: number;
  /** All ports that it listens on. */
  readonly ports: readonly number[];
  /** The command line flag that sets its ports. */
  readonly portFlag: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Its working directory, which its account must be able to enter. */
  readonly cwd: string;
  readonly user?: SystemUser | undefined;
  /** A part of its command line that no other server has. */
  readonly mark: string;
  readonly startTimeoutMs: number;
  /** Prepares files for the process. Returns true if a running process must restart to use them. */
  prepare(): Promise<boolean>;
  /** Undefined if it serves; otherwise the reason why not. */
  health(): Promise<string | undefined>;
}

export type ServerState = "running" | "stopped" | "killed";

/** The state of a server. `killed` means that it was started, has ended, and was not stopped by us. */
export function stateOf(home: Home, name: string): { readonly state: ServerState; readonly pid?: number } {
  const id = readPid(home, name);
  if (!id) return { state: readIfThere(home.pid(name)) === undefined ? "stopped" : "killed" };
  return isRunning(id) ? { state: "running", pid: id.pid } : { state: "killed" };
}

/** Starts the process in its own session, so that neither Ctrl-C nor a closed terminal ends it. */
export function launch(home: Home, server: Server): ProcessId {
  const path = home.log(server.name);
  keepLogSmall(path);
  const log = openSync(path, "a", 0o600);
  try {
    const child = spawn(server.command, [...server.args], {
      detached: true,
      stdio: ["ignore", log, log],
      cwd: server.cwd,
      env: { ...process.env, ...server.env },
      ...(server.user && { uid: server.user.uid, gid: server.user.gid }),
    });
    child.on("error", () => undefined);
    child.unref();
    const id = child.pid === undefined ? undefined : identify(child.pid);
    if (!id) throw died(home, server);
    adopt(home, server.name, id);
    return id;
  } finally {
    closeSync(log);
  }
}

/** Records a process as this home's server, such as one that an interrupted `up` left. */
export function adopt(home: Home, name: string, id: ProcessId): void {
  writePrivate(home.pid(name), stringify(id));
}

/** Waits until the server serves. Throws Problems with the end of its log if it ends or never serves. */
export async function waitUntilHealthy(home: Home, server: Server): Promise<void> {
  const end = Date.now() + server.startTimeoutMs;
  let missing: string | undefined;
  do {
    missing = await server.health();
    if (missing === undefined) return;
    if (stateOf(home, server.name).state !== "running") throw died(home, server);
    await sleep(150);
  } while (Date.now() < end);
  throw new Problems([
    {
      what: `${server.title} does not serve after ${Math.round(server.startTimeoutMs / 1000)} s: ${missing}`,
      got: tail(home, server),
      fix: `Read ${home.log(server.name)}; \`tenantry local up\` waits again, \`tenantry local down\` stops it.`,
    },
  ]);
}

/** Stops a server. Returns true if it ran. Throws Problems if it does not end even when killed. */
export async function stopServer(home: Home, name: ServerName): Promise<boolean> {
  const id = readPid(home, name);
  const ran = id !== undefined && isRunning(id);
  if (ran) await stopProcess(id, stopSteps(name));
  if (ran && isRunning(id)) {
    throw new Problems([
      {
        what: `${serverTitles[name]} does not end, not even when killed`,
        got: `process ${id.pid}`,
        fix: "See what it waits for (`ps`, a disk that hangs) and whose process it is, or restart the machine.",
      },
    ]);
  }
  rmSync(home.pid(name), { force: true });
  return ran;
}

function readPid(home: Home, name: string): ProcessId | undefined {
  try {
    const id = parse(readIfThere(home.pid(name)) ?? "") as ProcessId | null;
    return id && Number.isInteger(id.pid) && typeof id.started === "string" ? id : undefined;
  } catch {
    return undefined;
  }
}

function died(home: Home, server: Server): Problems {
  const log = tail(home, server);
  return new Problems([
    {
      what: `${server.title} ended while starting`,
      got: log || "nothing in its log",
      fix: explainDeath(log, { log: home.log(server.name), portFlag: server.portFlag, user: server.user?.name }),
    },
  ]);
}

function tail(home: Home, server: Server): string {
  return lastLines(home.log(server.name), 12).join("\n            ");
}

function keepLogSmall(path: string): void {
  const limitBytes = 10 * 2 ** 20;
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > limitBytes) renameSync(path, `${path}.old`);
}
