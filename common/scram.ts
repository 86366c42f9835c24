import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

const iterations = 4096;

/**
 * The verifier that PostgreSQL stores for a password. tenantry sends it instead of the password, so that no server log
 * and no `pg_stat_activity` holds the password.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16), rounds = iterations): string {
  const salted = pbkdf2Sync(prepared(password), salt, rounds, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest();
  const serverKey = createHmac("sha256", salted).update("Server Key").digest();
  return `SCRAM-SHA-256$${rounds}:${salt.toString("base64")}$${storedKey.toString("base64")}:${serverKey.toString("base64")}`;
}

/** True if the stored verifier belongs to the password. */
export function isVerifierOf(verifier: string | null, password: string): boolean {
  const match = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(verifier ?? "");
  if (!match?.[1] || !match[2]) return false;
  return scramVerifier(password, Buffer.from(match[2], "base64"), Number(match[1])) === verifier;
}

/**
 * A verifier that is the same in each run. Its salt is derived from the password at the same cost as the verifier
 * itself, so it makes no guess cheaper.
 */
export function lastingVerifier(user: string, password: string): string {
  return scramVerifier(password, pbkdf2Sync(prepared(password), `tenantry:${user}`, iterations, 16, "sha256"));
}

/** Prepares a password for hashing as clients do: SASLprep, RFC 4013 section 2. */
function prepared(password: string): string {
  return (
    password
      .replaceAll(/[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/g, " ")
      // biome-ignore lint/suspicious/noMisleadingCharacterClass: a list of single code points that SASLprep drops
      .replaceAll(/[\u00AD\u034F\u1806\u180B-\u180D\u200C\u200D\u2060\uFE00-\uFE0F\uFEFF]/gu, "")
      .normalize("NFKC")
  );
}
