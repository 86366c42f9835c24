import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

const iterations = 4096;

/**
 * What PostgreSQL stores of a password. Sent in place of the password itself, so that no server log and no
 * `pg_stat_activity` ever holds it.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16), rounds = iterations): string {
  const salted = pbkdf2Sync(password, salt, rounds, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest();
  const serverKey = createHmac("sha256", salted).update("Server Key").digest();
  return `SCRAM-SHA-256$${rounds}:${salt.toString("base64")}$${storedKey.toString("base64")}:${serverKey.toString("base64")}`;
}

/** Whether the stored verifier is that of the password. */
export function isVerifierOf(verifier: string | null, password: string): boolean {
  const match = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(verifier ?? "");
  if (!match?.[1] || !match[2]) return false;
  return scramVerifier(password, Buffer.from(match[2], "base64"), Number(match[1])) === verifier;
}

/** The password of a role of the embedded servers: the same at every `up`, and no file more to keep. */
export function passwordOf(secret: string, role: string): string {
  return createHmac("sha256", secret).update(role).digest("base64url");
}
