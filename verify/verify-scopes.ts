import { type Database, endpointsOf } from "../architecture/data-plane/application-databases";
import type { Endpoints } from "../architecture/endpoints";
import type { Check } from "./check";
import type { Neighbour, TargetOptions } from "./target";

/** Part of the stack that verify checks as one, and the checks for it. */
export interface VerifyScope {
  readonly options: TargetOptions;
  includes(check: Check): boolean;
}

/**
 * Returns a scope for each database. If tenants have schemas, it returns one for the shared part and one for each
 * tenant's.
 *
 * @param servers the stack's endpoints
 */
export function verifyScopes(
  databases: readonly Database[],
  servers: Endpoints,
  how: Pick<TargetOptions, "eventTimeoutMs" | "leaks" | "store">,
): VerifyScope[] {
  const neighbours = databases.flatMap((database) =>
    database.applications.flatMap((application) => neighbourOf(database, application, servers)),
  );
  const all = databases.flatMap(({ declarations }) => declarations);
  return databases.flatMap((database) => {
    const endpoints = database.reach(servers);
    const { applications, madeBy } = database;
    // The database's own resource is checked here, because there is nothing to verify in the servers' own database.
    const makers = all.filter(({ noun, name }) => `${noun}/${name}` === madeBy);
    const declarations = [...makers, ...database.declarations];
    return applications.map((application): VerifyScope => {
      const { scope } = application;
      const tenant = scope?.tenant?.name;
      const common = { application, ...how };
      const others = neighbours.filter(({ name }) => tenant !== undefined && name !== tenant);
      if (scope?.model !== "schema") {
        const options = { ...common, endpoints, declarations, neighbours: others };
        return { options, includes: (check) => check.scope !== "tenant" || tenant !== undefined };
      }
      if (tenant === undefined) {
        const includes = ({ scope }: Check) => scope === "database" || scope === "tables";
        return { options: { ...common, endpoints, declarations }, includes };
      }
      const own = declarations.filter((each) => each.tenant === tenant);
      const reached = endpointsOf(application, endpoints);
      const options = { ...common, endpoints: reached, declarations: own, neighbours: others };
      return { options, includes: ({ scope }) => scope !== "database" };
    });
  });
}

function neighbourOf(
  { reach }: Database,
  application: Database["applications"][number],
  servers: Endpoints,
): Neighbour[] {
  const { scope, schema } = application;
  if (!scope?.tenant) return [];
  const { database } = reach(servers).postgres;
  return [{ ...scope.tenant, schema, database }];
}
