import { createHmac } from "node:crypto";

/** The password of a role of the embedded servers: the same at every `up`, and no file more to keep. */
export function passwordOf(secret: string, role: string): string {
  return createHmac("sha256", secret).update(role).digest("base64url");
}
