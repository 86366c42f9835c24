import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { identify } from "./process-id";
import { processStartMs } from "./process-start";

/** The folder for downloads. It lies outside the checkout, so that all checkouts share it. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "tenantry");
}

interface Contents {
  fill(directory: string): Promise<void>;
  /** The first error in a filled directory; undefined if there is none. */
  flaw(directory: string): Promise<string | undefined>;
}

/**
 * Installs a directory completely or not at all: fills it under another name beside the target, checks it, then renames
 * it. After a kill only the other name is left, which the next run removes. If two runs fill it at once, the first to
 * finish wins. An existing directory without a flaw stays. Returns true if the directory was installed.
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
    // A process that started after the directory was made is not its maker, but reuses the maker's process id.
    const madeMs = (await stat(path)).mtimeMs;
    if (!identify(owner) || (processStartMs(owner) ?? 0) > madeMs + 60_000) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
