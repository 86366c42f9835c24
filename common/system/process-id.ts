import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { processStart } from "./process-start";

/** A process, told apart from a later one that was given the same number. */
export interface ProcessId {
  readonly pid: number;
  /** When it started, as the system says it: compared, never read. */
  readonly started: string;
}

/** A signal, and how long a process may take to end after it. */
export interface StopStep {
  readonly signal: NodeJS.Signals;
  readonly waitMs: number;
}

/** The process of that number, or undefined if none runs (one that ended and was not waited for does not run). */
export function identify(pid: number): ProcessId | undefined {
  const started = processStart(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isRunning(id: ProcessId): boolean {
  return identify(id.pid)?.started === id.started;
}

/** The command line of the process, empty if it cannot be known. */
export function commandLine(pid: number): string {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return ps(pid, "command=");
  } catch {
    return "";
  }
}

/** One signal after the other, each with its time to work, until the process has ended. */
export async function stopProcess(id: ProcessId, steps: readonly StopStep[]): Promise<void> {
  for (const { signal, waitMs } of steps) {
    if (!isRunning(id)) return;
    try {
      process.kill(id.pid, signal);
    } catch {
      // It ended just now.
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
