import assert from "node:assert/strict";
import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Project } from "./project";

/** Starts `tenantry ARGUMENTS` and kills the process group, or Pulumi `alone`, whose provider must then exit. */
export async function killAfter(project: Project, args: readonly string[], afterMs: number, alone: boolean) {
  const running = project.start(...args);
  const ended = once(running, "close");
  await sleep(afterMs);
  kill(running, alone);
  await ended;
}

/** Kills the whole process group at once, as a power failure would, or only Pulumi if `alone`. */
function kill(group: ChildProcess, alone: boolean): void {
  const pid = group.pid ?? assert.fail("it did not start");
  const pulumi = alone ? pulumiIn(pid) : undefined;
  try {
    process.kill(pulumi ?? -pid, "SIGKILL");
  } catch (error) {
    // If the machine has become faster since the time was measured, the process may have ended already.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function pulumiIn(group: number): number | undefined {
  try {
    return Number(execFileSync("pgrep", ["-g", String(group), "-x", "pulumi"], { encoding: "utf8" }).split("\n")[0]);
  } catch {
    return undefined; // Pulumi has not started yet, or has ended.
  }
}

/** Random numbers from 0 to 1, the same for the same seed (constants of Numerical Recipes). */
export function linearCongruence(start: number): () => number {
  let state = start;
  return () => {
    state = (1_664_525 * state + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
