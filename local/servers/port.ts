import { randomInt } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { commandLine } from "../../common/system/process-id";
import { run } from "../../common/system/run";

/** True if a server can listen on the port now. */
export function isFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Below the ports of outgoing connections (from 32768 on Linux), one of which could take it before its server starts. */
const [firstFree, lastFree] = [20_000, 32_000];

/** Returns a port that is free now. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = randomInt(firstFree, lastFree);
    if (await isFree(port, host)) return port;
  }
}

export interface Listener {
  readonly pid: number;
  /** Its command line; empty for another account's process. */
  readonly command: string;
}

/** The process that listens on the port, if the system shows it: an ordinary user can't see other users' processes. */
export async function listenerOf(port: number): Promise<Listener | undefined> {
  const pid = process.platform === "linux" ? listenerLinux(port) : await listenerElsewhere(port);
  return pid === undefined ? undefined : { pid, command: commandLine(pid) };
}

function listenerLinux(port: number): number | undefined {
  const inodes = new Set(["tcp", "tcp6"].flatMap((table) => listeningInodes(tryRead(`/proc/net/${table}`), port)));
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of tryList(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(tryLink(`/proc/${pid}/fd/${descriptor}`))?.[1];
      if (inode !== undefined && inodes.has(inode)) return Number(pid);
    }
  }
  return undefined;
}

/** The inodes of the sockets that listen on the port, from the text of `/proc/net/tcp`. */
export function listeningInodes(table: string, port: number): string[] {
  const listening = "0A";
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === listening)
    .flatMap((fields) => (fields[9] === undefined ? [] : [fields[9]]));
}

async function listenerElsewhere(port: number): Promise<number | undefined> {
  const { stdout } = await run("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fp"]);
  const pid = /^p(\d+)$/m.exec(stdout)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

function tryRead(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function tryList(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function tryLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
