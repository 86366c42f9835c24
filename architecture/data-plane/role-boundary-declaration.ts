import type { Application, Role } from "../application";
import { cdcRole } from "../application-names";
import type { PostgresNode } from "../endpoints";
import { type Need, type Reach, reaches, reservedFunctions } from "../reserved-functions";
import type { RoleBound } from "./declaration";
import { sessionDefaults } from "./schema-migration";
import type { Steps } from "./steps";
import { writesAnything } from "./table-grants";

/**
 * Declares the boundary of one database's roles, after the toolkit's own SQL and before the outbox.
 *
 * @param applications the owners of the roles: the application, or its tenants
 */
export function declareBoundary(
  steps: Steps,
  application: Application,
  applications: readonly Application[],
  nodes: readonly PostgresNode[],
): void {
  const own = applications.flatMap((each) => each.roles.map((role) => [role.user, boundOf(each, role)] as const));
  const cdc: RoleBound = { replicates: true, reaches: neededBy("cdc"), settings: {} };
  steps.addStep("RoleBoundary", application.name, {
    nodes,
    schemas: [...new Set([application.schema, ...applications.map(({ schema }) => schema), "tenantry"])].toSorted(),
    roles: Object.fromEntries(
      [...own, [cdcRole(application.name), cdc] as const].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
  });
}

function boundOf(application: Application, role: Role): RoleBound {
  const needed = new Set([...role.reaches, ...(writesAnything(role) ? neededBy("writers") : [])]);
  return { reaches: reaches.filter((group) => needed.has(group)), settings: sessionDefaults(application, role) };
}

function neededBy(need: Need): Reach[] {
  return reaches.filter((group) => reservedFunctions[group].neededBy.includes(need));
}
