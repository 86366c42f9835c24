import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Body } from "./store";

/** SHA-256 of a body, in hexadecimal. */
export async function sha256Of(body: Body): Promise<string> {
  const hash = createHash("sha256");
  if (Buffer.isBuffer(body)) return hash.update(body).digest("hex");
  await pipeline(createReadStream(body.path), hash);
  return hash.digest("hex");
}
