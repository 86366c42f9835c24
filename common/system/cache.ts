import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { identify } from "./process-id";
import { processStartMs } from "./process-start";

/** Where downloaded parts live, outside the checkout, so that every checkout shares them. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "tenantry");
}

export interface Contents {
  fill(directory: string): Promise<void>;
  /** The first thing that is wrong with a filled directory; undefined if nothing is. */
  flaw(directory: string): Promise<string | undefined>;
}

/**
 * Makes a directory that is there whole or not at all: filled under another name beside it, looked at, then renamed. A kill
 * leaves only the other name, which the next run removes; of two that fill at once the first to finish wins. One that is
 * there stays if it has no flaw. True if it was made.
 */
export async function installDirectory(target: string, { fill, flaw }: Contents): Promise<boolean> {
  const isSound = async () => existsSync(target) && (await flaw(target)) === undefined;
  if (await isSound()) return false;
  const parent = dirname(target);
  await mkdir(parent, { recursive: true });
  await removeLeftovers(parent, `${basename(target)}.part-`);
  const part = join(parent, `${basename(target)}.part-${process.pid}-${randomBytes(4).toString("hex")}`);
  const flawed = `${part}-flawed`;
  await mkdir(part);
  try {
    await fill(part);
    const wrong = await flaw(part);
    if (wrong !== undefined) throw new Error(wrong);
    if (await isSound()) return false;
    if (existsSync(target)) await rename(target, flawed);
    await rename(part, target);
    return true;
  } catch (error) {
    if (await isSound()) return false;
    throw error;
  } finally {
    for (const left of [part, flawed]) await rm(left, { recursive: true, force: true });
  }
}

async function removeLeftovers(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const owner = Number(name.slice(prefix.length).split("-")[0]);
    const path = join(parent, name);
    // A process that began after the directory has only its maker's number.
    const madeMs = (await stat(path)).mtimeMs;
    if (!identify(owner) || (processStartMs(owner) ?? 0) > madeMs + 60_000) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
