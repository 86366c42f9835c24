import { createHmac } from "node:crypto";

/** The password of a role of the embedded servers. It is the same at every `up`, so no file has to store it. */
export function passwordOf(secret: string, role: string): string {
  return createHmac("sha256", secret).update(role).digest("base64url");
}
