import { setTimeout as sleep } from "node:timers/promises";
import { Problems } from "../problem";
import { acquire, holder, release } from "./lock-file";

export interface LockOptions {
  /** @default 0 */
  readonly waitMs?: number;
  /** True if the work may run without a lock if the disk is full and nobody holds the lock. @default false */
  readonly evenOnFullDisk?: boolean;
}

/** Runs `work` while this process holds the lock. Locks of processes that ended are ignored. */
export async function withLock<T>(
  path: string,
  what: string,
  work: () => Promise<T>,
  { waitMs = 0, evenOnFullDisk = false }: LockOptions = {},
): Promise<T> {
  const take = evenOnFullDisk ? acquireIfRoom : acquire;
  const end = Date.now() + waitMs;
  for (;;) {
    const taken = take(path);
    if (taken === "no room") return work();
    if (taken === "ours") break;
    if (Date.now() >= end) throw busy(what, taken);
    await sleep(500);
  }
  const letGo = () => release(path);
  process.once("exit", letGo);
  try {
    return await work();
  } finally {
    process.off("exit", letGo);
    letGo();
  }
}

function acquireIfRoom(path: string): "ours" | "no room" | number {
  try {
    return acquire(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOSPC" && code !== "EDQUOT") throw error;
    return holder(path) ?? "no room";
  }
}

function busy(what: string, pid: number): Problems {
  return new Problems([
    {
      what: `Another command is working on ${what}`,
      got: pid === 0 ? "one that started at the same moment" : `process ${pid}`,
      fix: "Wait until it has ended, then run this again.",
    },
  ]);
}
