import type { Client } from "pg";
import { nodeLogin, setNodeLogin } from "../../architecture/data-plane/database-statements";
import type { Login } from "../../architecture/endpoints";
import { isVerifierOf, scramVerifier } from "../../common/scram";

/** Those that the node of the session has otherwise or not at all. The rows come here, so that no password goes there. */
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

/** By which passwords roles go on from the node of the session to the others. */
export async function setNodeLogins(client: Client, logins: readonly Login[]): Promise<void> {
  // Not even a server that logs every statement logs these.
  await client.query("SET log_parameter_max_length = 0; SET log_parameter_max_length_on_error = 0");
  for (const login of logins) await client.query(setNodeLogin, [...nodeLogin(login)]);
}

/** Dear to each guess, and who guesses has to guess all passwords at once. */
const rounds = 200_000;

/** By which a later run knows whether one of these passwords has changed. Salted: no two are alike. */
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
