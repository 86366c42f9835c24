import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Problems } from "../architecture/problem";
import { identify, isRunning, type ProcessId } from "./process-id";

/** Runs `work` as the only process that holds the lock; one that another, ended process left does not count. */
export async function withLock<T>(path: string, what: string, work: () => Promise<T>): Promise<T> {
  acquire(path, what);
  const release = () => rmSync(path, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

function acquire(path: string, what: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}`;
  writeFileSync(own, JSON.stringify(identify(process.pid)));
  try {
    // A link appears whole or not at all, unlike a file that is opened and then written.
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        return linkSync(own, path);
      } catch {
        const holder = read(path);
        if (holder && isRunning(holder)) throw busy(what, holder.pid);
        rmSync(path, { force: true });
      }
    }
    throw busy(what, undefined);
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

function busy(what: string, pid: number | undefined): Problems {
  return new Problems([
    {
      what: `Another command is working on ${what}`,
      got: pid === undefined ? "one that started at the same moment" : `process ${pid}`,
      fix: "Wait until it has ended, then run this again.",
    },
  ]);
}
