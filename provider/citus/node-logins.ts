import type { Client } from "pg";
import { nodeLogin, setNodeLogin } from "../../architecture/data-plane/database-statements";
import type { Login } from "../../architecture/endpoints";
import { isVerifierOf, scramVerifier } from "../../common/scram";

/**
 * Logins that the session's node lacks, or has with another password. They are compared here, so that no password is
 * sent to the node.
 */
export async function outdatedLogins(client: Client, logins: readonly Login[]): Promise<readonly Login[]> {
  const { rows } = await client.query<{ rolename: string; authinfo: string }>(
    "SELECT rolename, authinfo FROM pg_catalog.pg_dist_authinfo WHERE nodeid = 0",
  );
  const found = new Map(rows.map(({ rolename, authinfo }) => [rolename, authinfo]));
  return logins.filter((login) => {
    const [user, authinfo] = nodeLogin(login);
    return found.get(user) !== authinfo;
  });
}

/** Sets the passwords that roles use from the session's node to the others. */
export async function setNodeLogins(client: Client, logins: readonly Login[]): Promise<void> {
  // With these settings, even a server that logs every statement does not log the passwords.
  await client.query("SET log_parameter_max_length = 0; SET log_parameter_max_length_on_error = 0");
  for (const login of logins) await client.query(setNodeLogin, [...nodeLogin(login)]);
}

/** Rounds of the hash. They make each guess expensive, and a guess must have all passwords right at once. */
const rounds = 200_000;

/** Fingerprint that shows a later run if a password changed. It is salted, so no two are equal. */
export function fingerprintOf(logins: readonly Login[]): string {
  return scramVerifier(textOf(logins), undefined, rounds);
}

export function isFingerprintOf(fingerprint: string | undefined, logins: readonly Login[]): boolean {
  return isVerifierOf(fingerprint ?? null, textOf(logins));
}

function textOf(logins: readonly Login[]): string {
  const sorted = logins.toSorted((a, b) => (a.user < b.user ? -1 : 1));
  return JSON.stringify(sorted.map(({ user, password }) => [user, password]));
}
