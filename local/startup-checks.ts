import { existsSync, statfsSync } from "node:fs";
import { join } from "node:path";
import type { Problem } from "../common/problem";
import { identify } from "../common/system/process-id";
import type { SystemUser } from "../common/system/system-user";
import type { Home } from "./home";
import { dataDirectory } from "./servers/data-directory";
import { isFree, type Listener, listenerOf } from "./servers/port";
import { adopt, type Server, stateOf } from "./servers/server";

/** Checks for data without settings: its passwords and ports are lost with the settings. */
export function orphanedData(home: Home, user: SystemUser | undefined): Problem[] {
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

/** Checks that a server's ports are free. Takes over a process of the home that a killed `up` did not record. */
export async function portProblems(home: Home, server: Server): Promise<Problem[]> {
  const running = stateOf(home, server.name).state === "running";
  const problems: Problem[] = [];
  for (const port of server.ports) {
    if (await isFree(port)) continue;
    const listener = await listenerOf(port);
    const own = listener?.command.includes(server.mark) ? identify(listener.pid) : undefined;
    if (own && !running) adopt(home, server.name, own);
    // A listener that can't be seen is the running server itself, under PostgreSQL's account.
    else if (!own && !(running && !listener)) problems.push(portInUse(server, port, listener));
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

/** Checks that the disks of the directories have enough free space. */
export function diskProblems(directories: readonly string[]): Problem[] {
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
        fix: "Free some disk space, or put the servers on another disk: `tenantry local up --home DIR`.",
      },
    ];
  });
}
