import type { Application, ReferenceTable, Role } from "../application";
import type { Grants, Privilege } from "./declaration";

/** The roles' privileges, as `architecture.yaml` gives them. Roles without any are left out. */

/** On a table that roles may write: what is written is read too. */
export function writableTableGrants({ roles }: Application, table: string): Grants {
  return grants(roles, (role) => {
    if (includes(role.writes, table)) return ["SELECT", "INSERT", "UPDATE", "DELETE"];
    return includes(role.reads, table) ? ["SELECT"] : [];
  });
}

/** On a table of all tenants: if it is not shared, only SQL files change it. */
export function referenceTableGrants(application: Application, { name, shared }: ReferenceTable): Grants {
  if (shared) return writableTableGrants(application, name);
  return grants(application.roles, (role) => (includes(role.reads, name) ? ["SELECT"] : []));
}

/** On the outbox, for roles that write anything: events are added and read, never changed. */
export function outboxGrants({ roles }: Application): Grants {
  return grants(roles, (role) => (writesAnything(role) ? ["SELECT", "INSERT"] : []));
}

/** On the processed events: a consumer forgets its own tenant's old marks itself, as Citus refuses to do it in another's name. */
export function processedEventsGrants({ roles }: Application): Grants {
  return grants(roles, (role) => (writesAnything(role) ? ["SELECT", "INSERT", "DELETE"] : []));
}

export function writesAnything({ writes }: Role): boolean {
  return writes === "all" || writes.length > 0;
}

function grants(roles: readonly Role[], privilegesOf: (role: Role) => readonly Privilege[]): Grants {
  const given = roles.map((role) => [role.user, privilegesOf(role)] as const);
  return Object.fromEntries(given.filter(([, privileges]) => privileges.length > 0).toSorted(byName));
}

function includes(tables: Role["reads"], table: string): boolean {
  return tables === "all" || tables.includes(table);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
