import { randomBytes } from "node:crypto";
import { link, mkdir, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import type { Problem } from "../common/problem";
import { makeFolder } from "../common/system/files";
import { sha256Of } from "./digest";
import { ObjectDamaged, ObjectExists, ObjectMissing, StoreError } from "./errors";
import { folderProblem } from "./folder-problem";
import { refuseBadKey } from "./key";
import { flush, writeDurably, writeWhole } from "./local-file";
import { probe } from "./probe";
import type { Body, PutOptions, Store, StoredObject } from "./store";
import type { FolderSettings } from "./store-settings";

const dayMs = 86_400_000;

/** A folder of this machine. Each object is a file, which other programs may read. */
export class FolderStore implements Store {
  readonly url: string;
  private readonly base: string;
  /** Files that are being written. They are beside all prefixes, so they are in no list. */
  private readonly parts: string;
  private isPrepared = false;

  constructor({ folder, prefix }: FolderSettings) {
    this.base = join(folder, prefix);
    this.parts = join(folder, ".parts");
    this.url = pathToFileURL(this.base).href;
  }

  async put(key: string, body: Body, options: PutOptions = {}): Promise<StoredObject & { readonly sha256: string }> {
    const path = this.pathOf(key);
    return this.explained(async () => {
      const sha256 = await sha256Of(body);
      const { sha256: expected = sha256, ifAbsent = false } = options;
      if (sha256 !== expected) throw new ObjectDamaged(this.url, key, { expected, got: sha256 });
      await this.prepare();
      const part = join(this.parts, randomBytes(8).toString("hex"));
      const found = await writeDurably(body, part, async () => {
        const found = await stat(part);
        await inFolder(dirname(path), () => (ifAbsent ? this.linkIfAbsent(part, path, key) : rename(part, path)));
        await this.flushFolders(dirname(path));
        return found;
      });
      return { key, bytes: found.size, storedAt: found.mtime, sha256 };
    });
  }

  async get(key: string): Promise<Readable> {
    const path = this.pathOf(key);
    return this.explained(async () => {
      const handle = await open(path, "r").catch(ifMissing(() => undefined));
      if (!handle || !(await handle.stat()).isFile()) {
        await handle?.close();
        throw new ObjectMissing(this.url, key);
      }
      return handle.createReadStream();
    });
  }

  async download(key: string, path: string): Promise<void> {
    await writeWhole(await this.get(key), path);
  }

  async head(key: string): Promise<StoredObject | undefined> {
    const path = this.pathOf(key);
    return this.explained(async () => {
      const found = await stat(path).catch(ifMissing(() => undefined));
      return found?.isFile() ? { key, bytes: found.size, storedAt: found.mtime } : undefined;
    });
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    yield* this.walk(folder, prefix);
  }

  private async *walk(folder: string, prefix: string): AsyncIterable<StoredObject> {
    const entries = await this.explained(() =>
      readdir(join(this.base, folder), { withFileTypes: true }).catch(ifMissing(() => [])),
    );
    const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
    names.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    for (const name of names) {
      const key = `${folder}${name}`;
      if (!key.startsWith(prefix)) continue;
      if (name.endsWith("/")) yield* this.walk(key, prefix);
      else {
        const found = await this.head(key);
        if (found) yield found;
      }
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const path of keys.map((key) => this.pathOf(key))) {
      await this.explained(async () => {
        await rm(path, { force: true });
        await this.removeEmpty(dirname(path));
      });
    }
  }

  check(): Promise<readonly Problem[]> {
    return probe(this);
  }

  private pathOf(key: string): string {
    refuseBadKey(key);
    return join(this.base, key);
  }

  /** Makes the folders, and deletes what killed writers left a day ago. */
  private async prepare(): Promise<void> {
    if (this.isPrepared) return;
    makeFolder(this.base);
    makeFolder(this.parts);
    for (const name of await readdir(this.parts)) {
      const part = join(this.parts, name);
      const found = await stat(part).catch(ifMissing(() => undefined));
      if (found && found.mtimeMs < Date.now() - dayMs) await rm(part, { force: true });
    }
    this.isPrepared = true;
  }

  private async linkIfAbsent(part: string, path: string, key: string): Promise<void> {
    try {
      await link(part, path);
    } catch (error) {
      if (codeOf(error) === "EEXIST") throw new ObjectExists(this.url, key);
      throw error;
    }
  }

  /** Flushes the folder and those above it that a first object may have made. */
  private async flushFolders(folder: string): Promise<void> {
    for (let at = folder; at.length >= this.base.length; at = dirname(at)) {
      // A delete of the last object removes the folder.
      await flush(at).catch(ifMissing(() => undefined));
    }
  }

  private async removeEmpty(folder: string): Promise<void> {
    if (folder.length <= this.base.length) return;
    try {
      await rmdir(folder);
    } catch (error) {
      if (["ENOTEMPTY", "EEXIST", "ENOENT"].includes(codeOf(error) ?? "")) return;
      throw error;
    }
    await this.removeEmpty(dirname(folder));
  }

  /** Runs `work`, and throws errors of the file system as a `StoreError`. */
  private async explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError(folderProblem(this.base, error), error);
    }
  }
}

/** Runs `work` in a folder that exists: a delete of its last object may remove it meanwhile. */
async function inFolder(folder: string, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await mkdir(folder, { recursive: true });
    try {
      return await work();
    } catch (error) {
      if (codeOf(error) !== "ENOENT" || attempt === 5) throw error;
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

function ifMissing<T>(other: () => T): (error: unknown) => T {
  return (error) => {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return other();
    throw error;
  };
}
