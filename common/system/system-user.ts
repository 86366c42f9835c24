import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** An account of the operating system. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account that runs PostgreSQL, which refuses to run as root. Undefined if the caller, who is not root, runs it.
 */
export function postgresAccount(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = parseAccounts(readFileSync("/etc/passwd", "utf8"));
  return accounts.find(({ name }) => name === "postgres") ?? accounts.find(({ name }) => name === "nobody");
}

/** Parses the accounts of an `/etc/passwd`. */
export function parseAccounts(text: string): SystemUser[] {
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .filter((fields) => fields.length >= 7)
    .map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

/** True if the account may enter every directory above the path. */
export function canReach(path: string, user: SystemUser): boolean {
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    if (!canEnter(directory, user)) return false;
    if (directory === dirname(directory)) return true;
  }
}

function canEnter(directory: string, { uid, gid }: SystemUser): boolean {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (!stat) return true;
  if (stat.uid === uid) return (stat.mode & 0o100) !== 0;
  if (stat.gid === gid) return (stat.mode & 0o010) !== 0;
  return (stat.mode & 0o001) !== 0;
}
