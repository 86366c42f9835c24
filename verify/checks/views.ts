import type { Role } from "../../architecture/application";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import type { Check } from "../check";
import { type Finding, fail, judge, pass, warn } from "../finding";
import { type Probing, withProbes } from "../probing";
import { type Target, tenantRelations } from "../target";

/** View of any schema that reads a tenant table, directly or through other views. */
interface View {
  readonly schema: string;
  readonly name: string;
  readonly isMaterialized: boolean;
  /** True if it shows the tenant column. */
  readonly namesTenant: boolean;
  /** True if it reads as its owner, and the owner bypasses row level security. */
  readonly escapes: boolean;
  readonly owner: string;
  /** Roles of the application that may select from it. */
  readonly readers: readonly string[];
}

/** Checks views over tenant tables: one that reads as its owner may bypass row level security. */
export const views: Check = {
  name: "views",
  claim: "no view over tenant tables shows a role another tenant's rows",
  async run(target) {
    const found = await readViews(target);
    if (found.length === 0) return [pass(target.application.schema, "no view reads a tenant table")];
    return withProbes(target, async (probing) => {
      const findings: Finding[] = [];
      for (const view of found) findings.push(await checkView(target, probing, view));
      return findings;
    });
  },
};

async function checkView(target: Target, probing: Probing, view: View): Promise<Finding> {
  const subject = `${view.schema}.${view.name}`;
  const readers = target.application.roles.filter(({ user }) => view.readers.includes(user));
  if (readers.length === 0) return pass(subject, "no role of the application may read it");
  const names = readers.map(({ user }) => user).join(", ");
  if (view.isMaterialized)
    return fail(subject, `a materialized view holds every tenant's rows, and ${names} may read it`);
  if (view.escapes) {
    return fail(
      subject,
      `reads as its owner ${view.owner}, whom row level security does not hold, and ${names} may read it: ALTER VIEW ${quoteQualified(view.schema, view.name)} SET (security_invoker = true)`,
    );
  }
  const wrong: string[] = [];
  for (const role of readers) {
    const leak = await tryView(probing, role, view, target.application.tenant.column);
    if (leak?.unclear) return warn(subject, leak.what);
    if (leak) wrong.push(leak.what);
  }
  return judge(subject, wrong, `${names}: own rows only`);
}

interface Leak {
  readonly what: string;
  readonly unclear: boolean;
}

async function tryView(probing: Probing, role: Role, view: View, tenantColumn: string): Promise<Leak | undefined> {
  const [owner, stranger] = probing.tenants;
  const sql = `SELECT count(*)::text AS n FROM ${quoteQualified(view.schema, view.name)} AS seen
    WHERE EXISTS (SELECT FROM unnest($1::text[]) AS canary WHERE position(canary IN seen::text) > 0)`;
  for (const [tenant, canaries, whose] of [
    [undefined, [...probing.canaries(owner), ...probing.canaries(stranger)], "rows without a tenant"],
    [stranger, probing.canaries(owner), "another tenant's rows"],
  ] as const) {
    const attempt = await probing.as(role, tenant, async (run) => {
      const all = await run(sql, [canaries]);
      if (all.refused === undefined || all.code !== notSupported || !view.namesTenant) return all;
      return run(`${sql} AND seen.${quoteIdentifier(tenantColumn)} = $2`, [canaries, owner]);
    });
    if (attempt.refused !== undefined) {
      if (attempt.code !== "42501") return { what: `${role.user}: ${attempt.refused}`, unclear: true };
    } else if (attempt.rows[0]?.n !== "0") return { what: `${role.user} sees ${whose}`, unclear: false };
  }
  return undefined;
}

/**
 * Citus' error for a query that it can't distribute: an outer join under row level security that names no single
 * tenant.
 */
const notSupported = "0A000";

async function readViews(target: Target): Promise<readonly View[]> {
  const tables = tenantRelations(target).map(({ schema, name }) => quoteQualified(schema, name));
  const { rows } = await target.admin.query<View>(viewsSql, [
    tables,
    target.application.roles.map(({ user }) => user),
    target.application.tenant.column,
  ]);
  return rows;
}

/**
 * An owner bypasses row level security if it is a superuser, has BYPASSRLS, or owns a table without FORCE (which the
 * check `isolation` reports).
 */
const viewsSql = `
WITH RECURSIVE base AS (
  SELECT tree.relid AS oid FROM unnest($1::text[]) AS wanted(name), pg_partition_tree(to_regclass(wanted.name)) tree
  UNION SELECT to_regclass(name)::oid FROM unnest($1::text[]) AS wanted(name) WHERE to_regclass(name) IS NOT NULL
), reading AS (
  SELECT oid FROM base
  UNION
  SELECT rule.ev_class FROM reading
  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = reading.oid AND d.classid = 'pg_rewrite'::regclass
  JOIN pg_rewrite rule ON rule.oid = d.objid
)
SELECT n.nspname AS schema, c.relname AS name, c.relkind = 'm' AS "isMaterialized", owner.rolname AS owner,
  EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = $3) AS "namesTenant",
  (owner.rolsuper OR owner.rolbypassrls)
    AND NOT coalesce((SELECT option_value::boolean FROM pg_options_to_table(c.reloptions) WHERE option_name = 'security_invoker'), false)
    AS escapes,
  ARRAY(SELECT r.rolname::text FROM pg_roles r WHERE r.rolname = ANY ($2) AND has_any_column_privilege(r.oid, c.oid, 'SELECT')
    AND has_schema_privilege(r.oid, n.oid, 'USAGE') ORDER BY 1) AS readers
FROM reading JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles owner ON owner.oid = c.relowner
WHERE c.relkind IN ('v', 'm') AND n.nspname !~ '^pg_'
ORDER BY 1, 2`;
