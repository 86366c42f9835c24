import { quoteIdentifier } from "../../common/identifier";
import type { Statement } from "./sql-statements";

/** Sequence used by a column's default. */
export interface SequenceUse {
  /** Qualified and quoted. */
  readonly sequence: string;
  /** Roles that may use it. */
  readonly users: readonly string[];
  /** Roles that write another table whose defaults also use it. */
  readonly elsewhere: readonly string[];
}

/** A role that writes rows needs the sequences of the defaults, also for UPDATE … SET n = DEFAULT. */
export function draws(privileges: readonly string[]): boolean {
  return privileges.some((privilege) => /^(INSERT|UPDATE)\b/.test(privilege));
}

/** True if a role may use all of them, by its own privileges or PUBLIC's. */
export function mayDraw(sequences: readonly SequenceUse[], role: string): boolean {
  return sequences.every((each) => uses(each, role));
}

/**
 * USAGE follows the privilege to write: a role that writes gets it, and one that no longer does loses it, unless it
 * writes another table with the same sequence. A grant by an operator to a role that never wrote stays.
 */
export function planSequences(
  sequences: readonly SequenceUse[],
  role: string,
  before: readonly string[],
  after: readonly string[],
): readonly Statement[] {
  const grantee = role === "PUBLIC" ? role : quoteIdentifier(role);
  if (draws(after)) {
    const missing = sequences.filter((each) => !uses(each, role));
    return missing.map(({ sequence }) => ({ sql: `GRANT USAGE ON SEQUENCE ${sequence} TO ${grantee}` }));
  }
  if (!draws(before)) return [];
  const surplus = sequences.filter(({ users, elsewhere }) => users.includes(role) && !elsewhere.includes(role));
  return surplus.map(({ sequence }) => ({ sql: `REVOKE USAGE ON SEQUENCE ${sequence} FROM ${grantee}` }));
}

function uses({ users }: SequenceUse, role: string): boolean {
  return users.includes(role) || users.includes("PUBLIC");
}

const grantee = "CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END";

/** Column defaults that use sequences: `adrelid` uses `refobjid`. */
const asked = `pg_attrdef d JOIN pg_depend dep ON dep.classid = 'pg_attrdef'::regclass AND dep.objid = d.oid
      AND dep.refclassid = 'pg_class'::regclass`;

/** SQL expression of the sequences behind a table's defaults. */
export function sequencesOf(oid: string): string {
  return `coalesce((SELECT json_agg(json_build_object('sequence', format('%I.%I', nspname, s.relname),
      'users', ARRAY(SELECT DISTINCT ${grantee} FROM aclexplode(s.relacl) WHERE privilege_type IN ('USAGE', 'UPDATE') ORDER BY 1),
      'elsewhere', ARRAY(SELECT DISTINCT ${grantee} FROM ${asked} JOIN pg_class t ON t.oid = adrelid CROSS JOIN aclexplode(t.relacl)
        WHERE refobjid = s.oid AND t.oid <> ${oid} AND privilege_type IN ('INSERT', 'UPDATE') AND grantee <> t.relowner ORDER BY 1))
      ORDER BY nspname, s.relname)
    FROM pg_class s JOIN pg_namespace ON pg_namespace.oid = s.relnamespace
    WHERE s.relkind = 'S' AND s.oid IN (SELECT refobjid FROM ${asked} WHERE adrelid = ${oid})), '[]')`;
}
