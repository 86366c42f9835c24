import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Problems } from "../architecture/problem";
import { identify, isRunning, type ProcessId } from "./process-id";

/** Runs `work` as the only process that holds the lock; one that another, ended process left does not count. */
export async function withLock<T>(
  path: string,
  what: string,
  work: () => Promise<T>,
  { waitMs = 0 }: { readonly waitMs?: number } = {},
): Promise<T> {
  const end = Date.now() + waitMs;
  for (;;) {
    const holder = acquire(path);
    if (holder === "ours") break;
    if (Date.now() >= end) throw busy(what, holder);
    await sleep(500);
  }
  const release = () => rmSync(path, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

/** `ours`, or the number of the process that holds it. */
function acquire(path: string): "ours" | number {
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}`;
  writeFileSync(own, JSON.stringify(identify(process.pid)));
  try {
    // A link appears whole or not at all, unlike a file that is opened and then written.
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        linkSync(own, path);
        return "ours";
      } catch {
        const holder = read(path);
        if (holder && isRunning(holder)) return holder.pid;
        rmSync(path, { force: true });
      }
    }
    return read(path)?.pid ?? 0;
  } finally {
    rmSync(own, { force: true });
  }
}

function read(path: string): ProcessId | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ProcessId;
  } catch {
    return undefined;
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
