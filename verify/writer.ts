import type { ClientBase } from "pg";
import { withLogin } from "./login";
import { loginOf, type Target } from "./target";

/**
 * Runs `work` in a transaction of this tenant and commits. It logs in as the first role of the application that
 * writes and has a known login; else it uses the admin.
 */
export async function asWriter<T>(
  target: Target,
  tenant: string,
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  const logins = target.application.roles
    .filter(({ writes }) => writes.length > 0)
    .flatMap((role) => loginOf(target, role) ?? []);
  const [login] = logins;
  const write = (client: ClientBase) => inTenant(client, tenant, work);
  return login ? withLogin(target.endpoints.postgres, login, write) : write(target.admin);
}

async function inTenant<T>(client: ClientBase, tenant: string, work: (client: ClientBase) => Promise<T>): Promise<T> {
  try {
    await client.query("BEGIN");
    await client.query("SELECT tenantry.set_tenant($1)", [tenant]);
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}
