import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { Problems } from "../common/problem";
import { commandLine, identify } from "../common/system/process-id";
import { processStartMs } from "../common/system/process-start";
import { projectName } from "../common/system/project";

/** The content of a lock file of Pulumi's file backend. */
const lockSchema = z.object({ pid: z.int(), hostname: z.string(), username: z.string(), timestamp: z.string() });
export type StackLock = z.infer<typeof lockSchema>;

/**
 * Removes the locks that a killed Pulumi left on the stack: those of a process on this machine that has ended. Throws Problems
 * for a lock that may still be held, and keeps it.
 */
export function clearStaleLocks(state: string, stack: string): void {
  const directory = join(state, ".pulumi", "locks", "organization", projectName(), stack);
  if (!existsSync(directory)) return;
  for (const file of readdirSync(directory).filter((name) => name.endsWith(".json"))) {
    const path = join(directory, file);
    const lock = read(path);
    if (lock && isStale(lock)) for (const each of [path, `${path}.attrs`]) rmSync(each, { force: true });
    else if (existsSync(path)) throw locked(stack, path, lock);
  }
}

/** True if the lock's process ran on this machine and has ended; another process may have its id by now. */
export function isStale(lock: StackLock, here = hostname()): boolean {
  if (lock.hostname !== here) return false;
  if (!identify(lock.pid) || !/pulumi/i.test(commandLine(lock.pid))) return true;
  // A process that began after the lock is a different one. Setting the clock moves one of the two times, hence the minute.
  return (processStartMs(lock.pid) ?? 0) > Date.parse(lock.timestamp) + 60_000;
}

function read(path: string): StackLock | undefined {
  try {
    return lockSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

function locked(stack: string, path: string, lock: StackLock | undefined): Problems {
  return new Problems([
    {
      what: `The stack \`${stack}\` is locked by another Pulumi`,
      got: lock
        ? `process ${lock.pid} of ${lock.username} on ${lock.hostname} since ${lock.timestamp}`
        : `${path}, which cannot be read`,
      fix: lock
        ? "Wait until it has ended, then run this again."
        : `If no Pulumi works on this stack, delete that file, then run this again.`,
    },
  ]);
}
