import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { isPassing } from "./s3-problem";

/** A part of an object, from a byte to the end. */
export interface Part {
  readonly body: Readable;
  /** Bytes of the whole object. */
  readonly total: number;
}

const attempts = 8;

/**
 * A stream of the whole object that goes on where a connection broke.
 *
 * @param first the object from its start
 * @param from opens it at a later byte
 */
export function resumedBody(first: Part, from: (offset: number) => Promise<Part>): Readable {
  return Readable.from(chunks(first, from), { objectMode: false });
}

async function* chunks(first: Part, from: (offset: number) => Promise<Part>): AsyncGenerator<Buffer> {
  let { body } = first;
  let offset = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        offset += chunk.length;
        attempt = 1;
        yield chunk;
      }
      if (offset >= first.total) return;
    } catch (error) {
      if (offset >= first.total) return;
      if (!isPassing(error) && !isBroken(error)) throw error;
      if (attempt >= attempts) throw error;
    } finally {
      body.destroy();
    }
    await sleep(Math.random() * 50 * 2 ** attempt);
    body = (await from(offset)).body;
  }
}

/** True if the connection ended before the body did. */
function isBroken(error: unknown): boolean {
  const { message = "", code = "" } = error as NodeJS.ErrnoException;
  return /aborted|socket hang up|premature/i.test(message) || code === "ERR_STREAM_PREMATURE_CLOSE";
}
