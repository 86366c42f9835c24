import type { Client } from "pg";
import { roleUser, tenantLogin, tenantPrefix } from "../../architecture/application-names";
import {
  canCountStatements,
  createCitus,
  createDatabase,
  createPartman,
  createStatistics,
} from "../../architecture/data-plane/database-statements";
import type { Login, PostgresNode } from "../../architecture/endpoints";
import type { Model } from "../../architecture/tenancy/tenants";
import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import { passwordOf } from "../../common/password";
import { isVerifierOf, scramVerifier } from "../../common/scram";
import { authenticateNodes, joinWorkers } from "./citus-servers";
import { type Admin, finds, withSession } from "./sql-session";

/** The database, roles and passwords that an application needs before its data plane is applied. */
interface ApplicationNeeds {
  /** The application's name, which is the prefix of its roles. */
  readonly name: string;
  /** The roles in `architecture.yaml`, without the prefix, such as `app`. The role `cdc` is always added. */
  readonly roles: readonly string[];
  /** @default the application's name */
  readonly database?: string;
  /** @default "shared" */
  readonly model?: Model;
  /** Names of the tenants with their own schema or silo; each gets its own roles. @default none */
  readonly tenants?: readonly string[];
  /** Citus' workers; empty on plain PostgreSQL. */
  readonly workers?: readonly PostgresNode[];
  /** The secret from which the roles' passwords are derived. */
  readonly secret: string;
}

/**
 * Creates the application's database, extensions and login roles on every node if they are missing. Silos get only their roles,
 * because `tenantry up` creates their databases. A second run changes nothing. Returns the logins by role: `app`, `cdc`, or
 * `acme/app` for a tenant's own role.
 */
export async function ensureApplication(
  admin: Admin,
  needs: ApplicationNeeds,
): Promise<Readonly<Record<string, Login>>> {
  const { model = "shared", tenants = [], name, secret } = needs;
  const database = needs.database ?? name;
  const workers = needs.workers ?? [];
  const roles = needs.roles.filter((role) => role !== "cdc");
  const login = (prefix: string, role: string): Login => {
    const user = roleUser(prefix, role);
    return { user, password: passwordOf(secret, user) };
  };
  const cdc = { cdc: login(name, "cdc") };
  const own = (tenant: string) =>
    Object.fromEntries(roles.map((role) => [tenantLogin(tenant, role), login(tenantPrefix(name, tenant), role)]));
  const everybody = Object.fromEntries(roles.map((role) => [role, login(name, role)]));
  const logins = { ...(model === "shared" ? everybody : Object.assign({}, ...tenants.map(own))), ...cdc };
  await ensureDatabaseWith(admin, database, workers, logins);
  return logins;
}

/** Creates the database on every node, with the extensions and the roles that log in to it. */
async function ensureDatabaseWith(
  admin: Admin,
  database: string,
  workers: readonly PostgresNode[],
  logins: Readonly<Record<string, Login>>,
): Promise<void> {
  const nodes = [admin, ...workers.map(({ host, port }) => ({ ...admin, host, port }))];
  for (const node of nodes) {
    await withSession(node, "postgres", (client) => ensureDatabase(client, database));
    if (workers.length > 0) await withSession(node, database, (client) => runAll(client, [createCitus]));
  }
  const authentication = [{ user: admin.user, password: admin.password }, ...Object.values(logins)];
  if (workers.length > 0) {
    // Nodes need each other's passwords before they join, because joining connects from one node to another.
    await authenticateNodes(nodes, database, authentication.slice(0, 1));
    await withSession(admin, database, (client) => joinWorkers(client, admin, workers));
  }
  await withSession(admin, database, async (client) => {
    for (const [role, login] of Object.entries(logins)) await ensureRole(client, login, role === "cdc");
    await runAll(client, createPartman);
    await ensureStatistics(client);
  });
  if (workers.length > 0) await authenticateNodes(nodes, database, authentication);
}

async function ensureDatabase(client: Client, database: string): Promise<void> {
  if (await finds(client, "select 1 from pg_catalog.pg_database where datname = $1", [database])) return;
  await client.query(createDatabase(database));
}

async function ensureStatistics(client: Client): Promise<void> {
  if (await finds(client, canCountStatements, [])) await runAll(client, createStatistics);
}

async function runAll(client: Client, statements: readonly string[]): Promise<void> {
  for (const sql of statements) await client.query(sql);
}

async function ensureRole(client: Client, { user, password }: Login, replication: boolean): Promise<void> {
  const role = quoteIdentifier(user);
  const attributes = `LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS ${replication ? "REPLICATION" : "NOREPLICATION"}`;
  if (!(await finds(client, "select 1 from pg_catalog.pg_roles where rolname = $1", [user]))) {
    await client.query(`CREATE ROLE ${role} ${attributes}`);
  }
  const same = await finds(
    client,
    `select 1 from pg_catalog.pg_roles where rolname = $1 and rolcanlogin and not rolsuper and not rolcreatedb
       and not rolcreaterole and not rolbypassrls and rolreplication = $2`,
    [user, replication],
  );
  if (!same) await client.query(`ALTER ROLE ${role} ${attributes}`);
  const stored = await client.query<{ rolpassword: string | null }>(
    "select rolpassword from pg_catalog.pg_authid where rolname = $1",
    [user],
  );
  if (isVerifierOf(stored.rows[0]?.rolpassword ?? null, password)) return;
  await client.query(`ALTER ROLE ${role} PASSWORD ${quoteLiteral(scramVerifier(password))}`);
}
