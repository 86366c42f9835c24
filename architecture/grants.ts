import type { Application, Role } from "./application";
import type { Grants, Privilege } from "./declaration";

/** The roles' privileges, as `architecture.yaml` gives them. Roles without any are left out. */

/** On a tenant table: what is written is read too. */
export function tenantTableGrants({ roles }: Application, table: string): Grants {
  return grants(roles, (role) => {
    if (includes(role.writes, table)) return ["SELECT", "INSERT", "UPDATE", "DELETE"];
    return includes(role.reads, table) ? ["SELECT"] : [];
  });
}

/** On a reference table, which changes by migrations only. */
export function referenceTableGrants({ roles }: Application, table: string): Grants {
  return grants(roles, (role) => (includes(role.reads, table) ? ["SELECT"] : []));
}

/** On the outbox and the processed events, for roles that write anything: rows are added and read, never changed. */
export function eventGrants({ roles }: Application): Grants {
  return grants(roles, ({ writes }) => (writes === "all" || writes.length > 0 ? ["SELECT", "INSERT"] : []));
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
