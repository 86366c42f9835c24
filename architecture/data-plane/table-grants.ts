import type { Application, ReferenceTable, Role } from "../application";
import type { Grants, Privilege } from "./declaration";

/** The roles' privileges, from `architecture.yaml`. Roles without privileges are left out. */

/** Privileges on a table that roles may write. Whoever may write it may read it too. */
export function writableTableGrants({ roles }: Application, table: string): Grants {
  return grants(roles, (role) => {
    if (includes(role.writes, table)) return ["SELECT", "INSERT", "UPDATE", "DELETE"];
    return includes(role.reads, table) ? ["SELECT"] : [];
  });
}

/** Privileges on a table that all tenants share. Unless it is `shared`, only SQL files change it. */
export function referenceTableGrants(application: Application, { name, shared }: ReferenceTable): Grants {
  if (shared) return writableTableGrants(application, name);
  return grants(application.roles, (role) => (includes(role.reads, name) ? ["SELECT"] : []));
}

/** Privileges on the outbox: roles that write anything may add and read events, but not change them. */
export function outboxGrants({ roles }: Application): Grants {
  return grants(roles, (role) => (writesAnything(role) ? ["SELECT", "INSERT"] : []));
}

/**
 * Privileges on the processed events. A consumer deletes its own tenant's old ones itself, because Citus rejects a
 * deletion in another role's name.
 */
export function processedEventsGrants({ roles }: Application): Grants {
  return grants(roles, (role) => (writesAnything(role) ? ["SELECT", "INSERT", "DELETE"] : []));
}

/** Privileges on the requests for cold rows, for each role that may read one of the tables. */
export function coldRequestGrants(
  { roles }: Application,
  tables: readonly string[],
  privileges: readonly Privilege[],
): Grants {
  return grants(roles, ({ reads, writes }) =>
    tables.some((table) => includes(reads, table) || includes(writes, table)) ? privileges : [],
  );
}

/** Privileges on the keys and references of large payloads: roles that write anything may add and read them. */
export function claimGrants({ roles }: Application): Grants {
  return grants(roles, (role) => (writesAnything(role) ? ["SELECT", "INSERT"] : []));
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
