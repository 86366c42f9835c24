import { randomBytes } from "node:crypto";
import { siloDatabase } from "../../architecture/application-names";
import type { ConnectEndpoint, Endpoints, KafkaEndpoint, PostgresEndpoint } from "../../architecture/endpoints";
import type { Model } from "../../architecture/tenancy/tenants";
import { readEndpoints } from "../../local/endpoints-file";
import { ensureApplication } from "../../local/servers/application-database";
import { addConnectSecret } from "../../local/servers/connect-secrets";
import { dropDatabase } from "../../local/servers/database-removal";
import { withSession } from "../../local/servers/sql-session";
import { setMaintenance } from "../../provider/partitions/partman-worker";

const path = process.env.TENANTRY_ENDPOINTS;

/** For `test(name, { skip }, …)`: why a test that needs servers does not run, or false if it does. */
export const skip: string | false = path ? false : "needs servers: `make test` starts them (TENANTRY_ENDPOINTS)";

/** The running servers. Their database is the application's own, so tests create others by `freshDatabase`. */
export function servers(): Endpoints {
  if (!path) throw new Error("TENANTRY_ENDPOINTS is not set; give the test `{ skip }`");
  return readEndpoints(path);
}

/** A database of one test: a `PostgresEndpoint`, which forms `Endpoints` with `kafka` and `connect`. */
export interface FreshDatabase extends PostgresEndpoint {
  readonly endpoints: Endpoints;
  /** Drops the database and its slots, even with open connections. The test must delete its connectors before. */
  drop(): Promise<void>;
}

/**
 * Creates a database with a unique name, the extensions, and the application's roles with their passwords. Roles
 * belong to the server: two databases of one application share them.
 */
export async function freshDatabase(
  application = "ecommerce",
  roles: readonly string[] = ["app", "agent"],
  tenancy: { readonly model: Model; readonly tenants: readonly string[] } = { model: "shared", tenants: [] },
): Promise<FreshDatabase> {
  const { postgres, kafka, connect } = servers();
  const database = `${application}_${randomBytes(4).toString("hex")}`;
  const isCoordinator = (node: { readonly port: number }) => node.port === postgres.port;
  const workers = postgres.nodes.filter((node) => !isCoordinator(node));
  const logins = await ensureApplication(postgres, {
    name: application,
    database,
    roles,
    workers,
    secret: postgres.password,
    ...tenancy,
  });
  const fresh: PostgresEndpoint = { ...postgres, database, roles: logins };
  const endpoints: { postgres: PostgresEndpoint; kafka: KafkaEndpoint; connect: ConnectEndpoint } = {
    postgres: fresh,
    kafka,
    connect: {
      ...connect,
      databasePassword: addConnectSecret(connect.databasePassword, `${application}_cdc`, logins.cdc?.password ?? ""),
    },
  };
  const silos = tenancy.model === "silo" ? tenancy.tenants.map((tenant) => siloDatabase(database, tenant)) : [];
  const drop = async () => {
    for (const each of [...silos, database])
      await withSession(postgres, "postgres", (client) => setMaintenance(client, each, false));
    for (const each of [...silos, database]) await dropDatabase(postgres, workers, each);
  };
  return { ...fresh, endpoints, drop };
}

/** The endpoints of a database that does not exist yet, for a stack that creates its database and roles itself. */
export async function plannedDatabase(application: string): Promise<FreshDatabase> {
  const { postgres, kafka, connect } = servers();
  const password = () => `${randomBytes(9).toString("base64url")} 'ä`;
  const roles = Object.fromEntries(
    ["app", "agent", "cdc"].map((role) => [role, { user: `${application}_${role}`, password: password() }]),
  );
  const planned: PostgresEndpoint = { ...postgres, database: application, roles };
  const reference = addConnectSecret(connect.databasePassword, `${application}_cdc`, roles.cdc?.password ?? "");
  const endpoints = { postgres: planned, kafka, connect: { ...connect, databasePassword: reference } };
  return { ...planned, endpoints, drop: () => dropDatabase(postgres, [], application) };
}
