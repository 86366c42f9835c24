import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { identify } from "./process-id";

/** Where downloaded parts live, outside the checkout, so that every checkout shares them. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "tenantry");
}

/**
 * Makes a directory that is there whole or not at all: filled under another name beside it, then renamed. A kill leaves
 * only the other name, which the next run removes; of two that fill at once the first to finish wins.
 */
export async function installDirectory(target: string, fill: (directory: string) => Promise<void>): Promise<void> {
  const parent = dirname(target);
  await mkdir(parent, { recursive: true });
  await removeLeftovers(parent, `${basename(target)}.part-`);
  const part = join(parent, `${basename(target)}.part-${process.pid}-${randomBytes(4).toString("hex")}`);
  await mkdir(part);
  try {
    await fill(part);
    await rename(part, target);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
}

async function removeLeftovers(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const owner = Number(name.slice(prefix.length).split("-")[0]);
    if (!identify(owner)) await rm(join(parent, name), { recursive: true, force: true });
  }
}
