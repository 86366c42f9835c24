import type { Application } from "./application";
import type { LoadedApplication } from "./application-loader";
import { dataPlane, schemaDataPlane } from "./data-plane/data-plane";
import { onlyCoordinator } from "./data-plane/nodes";
import type { Declaration } from "./declaration";
import type { Endpoints } from "./endpoints";
import { cdcRole, siloDatabase, tenantLogin } from "./names";
import type { Settings } from "./settings";
import { partsOf, tenantPrefix } from "./tenancy/parts";
import { shared } from "./tenancy/tenants";

/** One database of a stack and what is applied to it: the only one, or in the model `silo` a tenant's. */
export interface Database {
  /** The application's name, and for a silo `APPLICATION_TENANT`. */
  readonly name: string;
  /** The tenant whose silo it is. */
  readonly tenant?: string;
  readonly endpoints: Endpoints | undefined;
  /** The database's own endpoints, from those of the servers. */
  reach(servers: Endpoints): Endpoints;
  /** Roles that must exist, as PostgreSQL knows them. */
  readonly roles: readonly string[];
  readonly declarations: readonly Declaration[];
  /** The application as it lives here: one, or in the model `schema` what tenants share and then every tenant's. */
  readonly parts: readonly Application[];
}

/**
 * The databases of a stack.
 *
 * @param endpoints those of the servers, as far as they are known; a silo's database and logins are derived from them
 * @throws Problems with tenants that don't fit the application
 */
export function databasesOf(
  { application, baseOf }: LoadedApplication,
  settings: Settings,
  endpoints: Endpoints | undefined,
): Database[] {
  const { tenancy = shared } = settings;
  const parts = partsOf(application, tenancy);
  const nodes = (at: Endpoints | undefined) => at?.postgres.nodes ?? onlyCoordinator;
  if (tenancy.model === "schema") {
    const declarations = schemaDataPlane(parts, baseOf, { ...settings, endpoints }, nodes(endpoints));
    const reach = (servers: Endpoints) => servers;
    return [{ name: application.name, endpoints, reach, roles: rolesOf(parts), declarations, parts }];
  }
  return parts.map((part) => {
    const reach = (servers: Endpoints) => endpointsOf(part, servers);
    const own = endpoints && reach(endpoints);
    const tenant = part.part?.tenant;
    return {
      name: tenant ? tenantPrefix(part, tenant) : part.name,
      ...(tenant && { tenant: tenant.name }),
      endpoints: own,
      reach,
      roles: rolesOf([part]),
      declarations: dataPlane(part, baseOf(part), { ...settings, endpoints: own }, nodes(own)),
      parts: [part],
    };
  });
}

/** As a part of the application is reached: a silo by its database, a tenant's roles by their own logins. */
export function endpointsOf({ part }: Application, endpoints: Endpoints): Endpoints {
  const tenant = part?.tenant?.name;
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
      ...(part?.model === "silo" && { database: siloDatabase(postgres.database, tenant) }),
      roles: Object.fromEntries(own),
    },
  };
}

function rolesOf(parts: readonly Application[]): string[] {
  const users = parts.flatMap(({ name, roles }) => [...roles.map(({ user }) => user), cdcRole(name)]);
  return [...new Set(users)];
}
