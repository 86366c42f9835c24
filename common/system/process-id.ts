import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { processStart } from "./process-start";

/** A process. It differs from a later process with the same id. */
export interface ProcessId {
  readonly pid: number;
  /** The start time in the system's own form, used only for comparison. */
  readonly started: string;
}

/** A signal, and how long a process may take to end after it. */
export interface StopStep {
  readonly signal: NodeJS.Signals;
  readonly waitMs: number;
}

/** The process with this id, or undefined if none runs. A zombie does not count as running. */
export function identify(pid: number): ProcessId | undefined {
  const started = processStart(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isRunning(id: ProcessId): boolean {
  return identify(id.pid)?.started === id.started;
}

/** The command line of the process; empty if it is unknown. */
export function commandLine(pid: number): string {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return ps(pid, "command=");
  } catch {
    return "";
  }
}

/** Sends one signal after the other, and waits after each, until the process has ended. */
export async function stopProcess(id: ProcessId, steps: readonly StopStep[]): Promise<void> {
  for (const { signal, waitMs } of steps) {
    if (!isRunning(id)) return;
    try {
      process.kill(id.pid, signal);
    } catch {
      // The process has just ended.
    }
    const end = Date.now() + waitMs;
    while (Date.now() < end && isRunning(id)) await sleep(50);
  }
}

function ps(pid: number, column: string): string {
  return execFileSync("ps", ["-o", column, "-p", String(pid)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}
