import { refuseIfAny } from "../../common/problem";
import type { Application } from "../application";
import type { LoadedApplication } from "../application-loader";
import { cdcRole, siloDatabase, tenantLogin, tenantPrefix } from "../application-names";
import type { Endpoints, PostgresNode } from "../endpoints";
import { scopedApplications } from "../tenancy/scoped-applications";
import { shared } from "../tenancy/tenants";
import { dataPlane, schemaDataPlane } from "./data-plane";
import type { DataPlaneSettings } from "./data-plane-settings";
import type { Declaration } from "./declaration";
import { onlyCoordinator } from "./nodes";
import { unknownChanges } from "./schema-change-declaration";
import { Steps } from "./steps";

/**
 * One database of a stack and its declarations. Most stacks have only one. In the model `silo` each tenant has one, and
 * the first database is the maintenance database, whose declarations create the others.
 */
export interface Database {
  /** The application's name; for a silo `APPLICATION_TENANT`. */
  readonly name: string;
  /**
   * The name of the provider for this database. A name never changes its database, because Pulumi also deletes through
   * it.
   */
  readonly provider: string;
  readonly endpoints: Endpoints | undefined;
  /** Derives the database's endpoints from those of the servers. */
  reach(servers: Endpoints): Endpoints;
  /** Roles that must exist, by their names in PostgreSQL. */
  readonly roles: readonly string[];
  readonly declarations: readonly Declaration[];
  /** Databases that its declarations create. @default none */
  readonly makes?: readonly string[];
  /**
   * `NOUN/NAME` of the declaration in the first database that creates this one. @default the database exists already
   */
  readonly madeBy?: string;
  /** The applications in this database: one or none; in the model `schema` the shared part, then each tenant's. */
  readonly applications: readonly Application[];
}

/**
 * The databases of a stack.
 *
 * @param endpoints the servers' endpoints, undefined if unknown; those of a silo are derived from them
 * @throws Problems with tenants and phases of schema changes that do not fit the application
 */
export function databasesOf(
  { application, baseOf }: LoadedApplication,
  settings: DataPlaneSettings,
  endpoints: Endpoints | undefined,
): Database[] {
  const { tenancy = shared } = settings;
  refuseIfAny(unknownChanges(application, settings.changes));
  const applications = scopedApplications(application, tenancy);
  const nodes = (at: Endpoints | undefined) => at?.postgres.nodes ?? onlyCoordinator;
  if (tenancy.model === "schema") {
    const declarations = schemaDataPlane(applications, baseOf, { ...settings, endpoints }, nodes(endpoints));
    const reach = (servers: Endpoints) => servers;
    return [
      {
        name: application.name,
        provider: mainProvider,
        endpoints,
        reach,
        roles: rolesOf(applications),
        declarations,
        applications,
      },
    ];
  }
  const own = applications.map((each): Database => {
    const reach = (servers: Endpoints) => endpointsOf(each, servers);
    const at = endpoints && reach(endpoints);
    const tenant = each.scope?.tenant;
    return {
      name: tenant ? tenantPrefix(each.name, tenant.name) : each.name,
      provider: tenant ? `data-${tenant.name}` : mainProvider,
      ...(tenant && { madeBy: `TenantDatabase/${tenantPrefix(each.name, tenant.name)}` }),
      endpoints: at,
      reach,
      roles: rolesOf([each]),
      declarations: dataPlane(each, baseOf(each), { ...settings, endpoints: at }, nodes(at)),
      applications: [each],
    };
  });
  return tenancy.model === "silo" ? [makerOf(application, own, endpoints, nodes(endpoints)), ...own] : own;
}

/** Provider of the only database. In the model `silo` it has no resources, but still prevents a change of the model. */
export const mainProvider = "data";

/** A database that every server has, and from which the others are created. */
const maintenanceDatabase = "postgres";

function makerOf(
  application: Application,
  silos: readonly Database[],
  endpoints: Endpoints | undefined,
  nodes: readonly PostgresNode[],
): Database {
  const reach = (servers: Endpoints): Endpoints => ({
    ...servers,
    postgres: { ...servers.postgres, database: maintenanceDatabase },
  });
  const steps = new Steps();
  for (const { name, endpoints: at, applications } of silos) {
    const tenant = applications[0]?.scope?.tenant?.name;
    if (tenant === undefined) continue;
    const database = at?.postgres.database ?? siloDatabase(application.name, tenant);
    // One after another, because each node that joins a database writes its roles, and Citus rejects two such writes at
    // once.
    steps.addStep("TenantDatabase", name, { database, tenant, nodes });
  }
  return {
    name: application.name,
    provider: "servers",
    endpoints: endpoints && reach(endpoints),
    reach,
    roles: [...new Set(silos.flatMap(({ roles }) => roles))],
    declarations: steps.declarations,
    makes: steps.declarations.flatMap(({ noun, inputs }) => (noun === "TenantDatabase" ? [inputs.database] : [])),
    applications: [],
  };
}

/** Endpoints of a scoped application: a silo has its own database, and a tenant's roles have their own logins. */
export function endpointsOf({ scope }: Pick<Application, "scope">, endpoints: Endpoints): Endpoints {
  const tenant = scope?.tenant?.name;
  if (tenant === undefined) return endpoints;
  const { postgres } = endpoints;
  const prefix = tenantLogin(tenant, "");
  const own = Object.entries(postgres.roles).flatMap(([role, login]) =>
    role.startsWith(prefix)
      ? [[role.slice(prefix.length), login] as const]
      : role === "cdc"
        ? [[role, login] as const]
        : [],
  );
  return {
    ...endpoints,
    postgres: {
      ...postgres,
      ...(scope?.model === "silo" && { database: siloDatabase(postgres.database, tenant) }),
      roles: Object.fromEntries(own),
    },
  };
}

function rolesOf(applications: readonly Application[]): string[] {
  const users = applications.flatMap(({ name, roles }) => [...roles.map(({ user }) => user), cdcRole(name)]);
  return [...new Set(users)];
}
