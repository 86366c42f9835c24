import type { Grants } from "../../architecture/data-plane/declaration";
import { quoteIdentifier } from "../../common/identifier";
import { quoteTable, type TableName } from "./live-tables";
import { draws, mayDraw, planSequences, type SequenceUse, sequencesOf } from "./sequences";
import type { Reader, Statement } from "./sql-statements";

const declarable: ReadonlySet<string> = new Set(["SELECT", "INSERT", "UPDATE", "DELETE"]);

/** What roles hold on a table, as the catalogs have it. */
export interface FoundGrants {
  /**
   * Privileges on the table by role, also those that can't be declared, such as TRUNCATE, or UPDATE (note) on one column.
   * Roles without any are missing.
   */
  readonly onTable: Readonly<Record<string, readonly string[]>>;
  /** Roles with USAGE on the table's schema. */
  readonly onSchema: readonly string[];
  /** @default its defaults use none */
  readonly sequences?: readonly SequenceUse[];
}

export const noGrants: FoundGrants = { onTable: {}, onSchema: [] };

/**
 * Grants missing privileges, with the sequences behind defaults, and revokes what `roles` or PUBLIC hold beyond the
 * declared ones. Other roles are left alone: an operator may have given them access for a reason.
 */
export function planGrants(
  name: TableName,
  found: FoundGrants,
  wanted: Grants,
  roles: readonly string[],
): readonly Statement[] {
  const statements: Statement[] = [];
  const schema = quoteIdentifier(name.schema);
  const held = (role: string) => (Object.hasOwn(found.onTable, role) ? (found.onTable[role] ?? []) : []);
  for (const role of [...new Set([...roles, ...Object.keys(wanted), "PUBLIC"])].sort()) {
    const declared: readonly string[] = Object.hasOwn(wanted, role) ? (wanted[role] ?? []) : [];
    const surplus = held(role).filter((privilege) => !declared.includes(privilege));
    const missing = declared.filter((privilege) => !held(role).includes(privilege));
    const grantee = role === "PUBLIC" ? role : quoteIdentifier(role);
    if (surplus.length > 0)
      statements.push({ sql: `REVOKE ${surplus.join(", ")} ON ${quoteTable(name)} FROM ${grantee}` });
    if (declared.length > 0 && !reachesSchema(found, role)) {
      statements.push({ sql: `GRANT USAGE ON SCHEMA ${schema} TO ${grantee}` });
    }
    if (missing.length > 0)
      statements.push({ sql: `GRANT ${missing.join(", ")} ON ${quoteTable(name)} TO ${grantee}` });
    statements.push(...planSequences(found.sequences ?? [], role, held(role), declared));
  }
  return statements;
}

function reachesSchema({ onSchema }: FoundGrants, role: string): boolean {
  return onSchema.includes(role) || onSchema.includes("PUBLIC");
}

/** SQL expression of the privileges on a table and on its columns by role, without the owner's. */
export function heldOn(table: string): string {
  return `coalesce((SELECT json_object_agg(role, privileges) FROM (
      SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END AS role,
        array_agg(DISTINCT privilege_type || suffix ORDER BY privilege_type || suffix) AS privileges
      FROM (SELECT ${table}.relacl AS acl, '' AS suffix UNION ALL
        SELECT attacl, format(' (%I)', attname) FROM pg_attribute WHERE attrelid = ${table}.oid AND attacl IS NOT NULL) AS given
      CROSS JOIN aclexplode(acl) WHERE grantee <> ${table}.relowner GROUP BY 1) AS held), '{}')`;
}

/** Only direct privileges, not those through membership in another role. */
export async function readGrants(read: Reader, name: TableName): Promise<FoundGrants> {
  const [row] = await read<FoundGrants>(
    `SELECT ${heldOn("c")} AS "onTable", ${sequencesOf("c.oid")} AS sequences,
       ARRAY(SELECT coalesce(rolname::text, 'PUBLIC') FROM pg_namespace CROSS JOIN aclexplode(nspacl)
         LEFT JOIN pg_roles r ON r.oid = grantee
         WHERE pg_namespace.oid = relnamespace AND grantee <> nspowner AND privilege_type = 'USAGE') AS "onSchema"
     FROM pg_class c WHERE c.oid = to_regclass($1)`,
    [quoteTable(name)],
  );
  return row ?? noGrants;
}

/**
 * Converts found privileges to the shape of the inputs, for the declared roles or for all. A role that can't reach
 * the schema holds nothing, and a role that can't use a default's sequence can't write.
 */
export function grantsAsInputs(found: FoundGrants, declared: Grants | undefined): Grants {
  const roles = declared ? Object.keys(declared) : Object.keys(found.onTable).filter((role) => role !== "PUBLIC");
  return Object.fromEntries(
    roles.map((role) => {
      const held = reachesSchema(found, role) && Object.hasOwn(found.onTable, role) ? (found.onTable[role] ?? []) : [];
      const isWriter = mayDraw(found.sequences ?? [], role);
      return [
        role,
        held.filter((privilege) => declarable.has(privilege) && (isWriter || !draws([privilege]))) as Grants[string],
      ];
    }),
  );
}

/** Privileges that can't be declared: TRUNCATE, which no policy stops, and everything that PUBLIC holds. */
export function surplusGrants(
  found: FoundGrants,
  roles: readonly string[],
): Readonly<Record<string, readonly string[]>> {
  const surplus = [...roles, "PUBLIC"].map((role) => {
    const held = Object.hasOwn(found.onTable, role) ? (found.onTable[role] ?? []) : [];
    return [role, role === "PUBLIC" ? held : held.filter((privilege) => !declarable.has(privilege))] as const;
  });
  return Object.fromEntries(surplus.filter(([, privileges]) => privileges.length > 0));
}

/** The roles whose declared privileges differ. */
export function rolesThatDiffer(old: Grants, next: Grants): readonly string[] {
  const text = (grants: Grants, role: string) =>
    Object.hasOwn(grants, role) ? [...(grants[role] ?? [])].sort().join() : "";
  return [...new Set([...Object.keys(old), ...Object.keys(next)])]
    .filter((role) => text(old, role) !== text(next, role))
    .sort();
}

/** Assumed content of the catalogs, for a preview without a server. */
export function grantsFromState({
  grants,
  surplus,
}: {
  readonly grants: Grants;
  readonly surplus: Readonly<Record<string, readonly string[]>>;
}): FoundGrants {
  const roles = [...new Set([...Object.keys(grants), ...Object.keys(surplus)])];
  return {
    onTable: Object.fromEntries(roles.map((role) => [role, [...(grants[role] ?? []), ...(surplus[role] ?? [])]])),
    onSchema: Object.keys(grants).filter((role) => (grants[role] ?? []).length > 0),
  };
}
