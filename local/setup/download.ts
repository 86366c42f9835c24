import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";

/** Downloads a file to `path`. Throws an error of one line if the server sends nothing for `silenceMs`. */
export async function download(url: string, path: string, silenceMs = 10_000): Promise<void> {
  const abort = new AbortController();
  const alarm = setTimeout(() => abort.abort(new Error(`no answer for ${silenceMs / 1000} s`)), silenceMs);
  try {
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok || !response.body) throw new Error(`${url} answers ${response.status}`);
    const body = Readable.fromWeb(response.body as ReadableStream).on("data", () => alarm.refresh());
    await pipeline(body, createWriteStream(path));
  } catch (error) {
    throw new Error(`${new URL(url).host}: ${reason(error, abort.signal)}`);
  } finally {
    clearTimeout(alarm);
  }
}

function reason(error: unknown, signal: AbortSignal): string {
  if (signal.aborted && signal.reason instanceof Error) return signal.reason.message;
  if (!(error instanceof Error)) return String(error);
  // fetch puts the real error into `cause`.
  return error.cause instanceof Error ? error.cause.message : error.message;
}
