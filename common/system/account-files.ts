import { lstatSync, rmdirSync, rmSync } from "node:fs";
import { Problems } from "../problem";
import { readIfThere, writePrivate } from "./files";
import { run } from "./run";
import type { SystemUser } from "./system-user";

/**
 * Reads and writes files in a folder of another account with that account's rights, so that a link in the folder gives
 * root no further access. Without an account, the folder belongs to the caller.
 */

/** The first million bytes of a text, or undefined if there is no such file. */
export async function readAs(user: SystemUser | undefined, path: string): Promise<string | undefined> {
  if (!user) return readIfThere(path);
  const { code, stdout } = await run("head", ["-c", "1000000", path], { user, cwd: "/", timeoutMs: 10_000 });
  return code === 0 ? stdout : undefined;
}

/** Writes the whole file or nothing. Only this account can read it. */
export async function writeAs(user: SystemUser | undefined, path: string, text: string): Promise<void> {
  if (!user) return writePrivate(path, text);
  await runAs(user, path, 'umask 077; rm -f -- "$1.new" && cat >"$1.new" && mv -f -- "$1.new" "$1"', text);
}

export async function removeAs(user: SystemUser | undefined, path: string): Promise<void> {
  if (!user) return rmSync(path, { force: true });
  await runAs(user, path, 'rm -f -- "$1"');
}

/** Removes a file or folder with everything in it, from a folder that the caller owns, whoever owns the content. */
export async function removeTree(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory() || found.uid === 0 || process.getuid?.() !== 0) {
    return rmSync(path, { recursive: true, force: true });
  }
  await run("sh", ["-c", 'rm -rf -- "$1"/* "$1"/.[!.]* "$1"/..?*', "sh", path], {
    user: { name: String(found.uid), uid: found.uid, gid: found.gid },
    cwd: "/",
  });
  rmdirSync(path);
}

async function runAs(user: SystemUser, path: string, script: string, input = ""): Promise<void> {
  const { code, stderr } = await run("sh", ["-c", script, "sh", path], { user, cwd: "/", input });
  if (code === 0) return;
  throw new Problems([
    {
      what: `${path} cannot be changed by the account \`${user.name}\`, which PostgreSQL runs under`,
      got: stderr.trim().split("\n").at(-1) ?? "",
      fix: /No space left/i.test(stderr)
        ? "Free some disk space, then run this again."
        : `Give its directory back to \`${user.name}\` with mode 0700 (chown, chmod), then run this again.`,
    },
  ]);
}
