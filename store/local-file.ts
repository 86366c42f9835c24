import { randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Body } from "./store";

/** Writes a file beside the wanted one and flushes it to the disk. `place` then puts it there, or leaves it. */
export async function writeDurably<T>(
  content: Body | Readable,
  part: string,
  place: (part: string) => Promise<T>,
): Promise<T> {
  try {
    await pipeline(readableOf(content), createWriteStream(part, { flags: "wx", mode: 0o640 }));
    await flush(part);
    return await place(part);
  } finally {
    await rm(part, { force: true });
  }
}

/** Writes the whole file or nothing. */
export async function writeWhole(content: Readable, path: string): Promise<void> {
  await writeDurably(content, `${path}.${randomBytes(4).toString("hex")}`, async (part) => {
    await rename(part, path);
    await flush(dirname(path));
  });
}

/** Waits until a file, or a folder's list of names, is on the disk. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function readableOf(content: Body | Readable): Readable | Buffer[] {
  if (Buffer.isBuffer(content)) return [content];
  return "path" in content && typeof content.path === "string" ? createReadStream(content.path) : (content as Readable);
}
