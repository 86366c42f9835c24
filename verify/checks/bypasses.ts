import { outbox } from "../../architecture/data-plane/outbox-table";
import { quoteQualified } from "../../common/identifier";
import type { Check } from "../check";
import { type Finding, fail, judge, pass, warn } from "../finding";
import { type Target, tenantRelations } from "../target";
import { changedFunctions } from "../toolkit-functions";

/** Finds ways around row level security that change no policy. */
export const bypasses: Check = {
  name: "bypasses",
  scope: "tables",
  claim:
    "no copy, foreign table, publication or rule takes tenants' rows past row level security, and no trigger or function of the toolkit is switched off or changed",
  async run(target) {
    const names = tenantRelations(target).map(({ schema, name }) => quoteQualified(schema, name));
    const findings = [
      ...(await strayTables(target)),
      ...(await otherPublications(target, names)),
      ...(await rulesAndTriggers(target, names)),
      ...(await changedFunctions(target)),
    ];
    const tables = names.length === 1 ? "1 table" : `${names.length} tables`;
    return findings.length > 0
      ? findings
      : [pass(target.application.schema, `nothing leads around the policies of ${tables}`)];
  },
};

interface StrayTable {
  readonly name: string;
  readonly isForeign: boolean;
  readonly hasTenant: boolean;
  /** Roles of the application that may read it. */
  readonly readers: readonly string[];
}

/** Finds copies of tenant tables, such as SELECT INTO leaves. Other checks cover tables that a description names. */
async function strayTables({ admin, application }: Target): Promise<readonly Finding[]> {
  const declared = application.tables.map(({ schema, name }) => `${schema}.${name}`);
  const users = application.roles.map(({ user }) => user);
  const { rows } = await admin.query<StrayTable>(strayTablesSql, [
    application.schema,
    declared,
    users,
    application.tenant.column,
  ]);
  return rows.map(({ name, isForeign, hasTenant, readers }): Finding => {
    const what = isForeign
      ? "a foreign table, which row level security can't hold"
      : "no table of architecture.yaml, and without row level security";
    if (readers.length > 0)
      return fail(name, `${what}, and ${readers.join(", ")} may read it: revoke that, or declare the table`);
    return warn(
      name,
      `${what}${hasTenant ? `, with a column ${application.tenant.column}` : ""}; no role of the application may read it: drop it, or declare it`,
    );
  });
}

// A table without readers counts only if it looks like a copy of tenants' rows.
const strayTablesSql = `
SELECT name, "isForeign", "hasTenant", readers FROM (
  SELECT n.nspname || '.' || c.relname AS name, c.relkind = 'f' AS "isForeign",
    EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = $4 AND NOT attisdropped) AS "hasTenant",
    ARRAY(SELECT r.rolname::text FROM pg_roles r WHERE r.rolname = ANY ($3) AND has_any_column_privilege(r.oid, c.oid, 'SELECT')
      AND has_schema_privilege(r.oid, n.oid, 'USAGE') ORDER BY 1) AS readers,
    n.nspname = $1 AS "isOwn"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE (c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT (c.relrowsecurity AND c.relforcerowsecurity) OR c.relkind = 'f')
    AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'tenantry') AND n.nspname || '.' || c.relname <> ALL ($2)
    -- What extensions keep for themselves, and pg_partman's templates.
    AND n.nspname NOT IN (SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE nspname <> 'public')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
) AS stray
WHERE "hasTenant" OR "isForeign" AND readers <> '{}' OR "isOwn" AND readers <> '{}' ORDER BY 1`;

/**
 * Finds subscriptions, because row level security does not bind a subscriber. Citus creates some while it moves
 * shards.
 */
async function otherPublications(
  { admin, application }: Target,
  names: readonly string[],
): Promise<readonly Finding[]> {
  const { rows } = await admin.query<{ publication: string; tables: string[] }>(
    `SELECT pubname AS publication, array_agg(DISTINCT schemaname || '.' || tablename ORDER BY schemaname || '.' || tablename) AS tables
     FROM pg_publication_tables JOIN (
       SELECT tree.relid FROM unnest($1::text[]) AS wanted(name) JOIN LATERAL pg_partition_tree(to_regclass(wanted.name)) tree ON true
       UNION SELECT to_regclass(name) FROM unnest($1::text[]) AS wanted(name)
     ) AS tenants ON relid = to_regclass(quote_ident(schemaname) || '.' || quote_ident(tablename))
     WHERE NOT (pubname = $2 AND tablename = $3) AND NOT starts_with(pubname, 'citus_') GROUP BY 1 ORDER BY 1`,
    [names, outbox.publication, outbox.table],
  );
  return rows.map(({ publication, tables }) => {
    const seen = `sends every tenant's rows of ${tables.join(", ")} to whoever subscribes`;
    if (publication === outbox.publication)
      return fail(`publication ${publication}`, `${seen}: it is for the outbox of ${application.name} alone`);
    return warn(`publication ${publication}`, `${seen}: DROP PUBLICATION, if nobody should`);
  });
}

interface Odd {
  readonly name: string;
  readonly rules: readonly string[];
  readonly disabled: readonly string[];
  readonly definers: readonly string[];
}

/** Finds rules and triggers. A rule runs as the table's owner; a foreign key is a trigger too. */
async function rulesAndTriggers({ admin }: Target, names: readonly string[]): Promise<readonly Finding[]> {
  const { rows } = await admin.query<Odd>(oddSql, [names]);
  return rows.flatMap(({ name, rules, disabled, definers }): Finding[] => {
    const wrong = [
      ...rules.map(
        (rule) => `the rule ${rule} rewrites statements to work as its owner, whom no policy holds: DROP RULE`,
      ),
      ...disabled.map((trigger) => `${trigger} is disabled: ALTER TABLE … ENABLE TRIGGER`),
    ];
    const read = definers.map(
      (trigger) =>
        `the trigger ${trigger} runs as somebody above row level security: read it, or make it SECURITY INVOKER`,
    );
    return [
      ...(wrong.length > 0 ? [judge(name, wrong, "")] : []),
      ...(read.length > 0 ? [warn(name, read.join("; "))] : []),
    ];
  });
}

const oddSql = `
SELECT * FROM (
  SELECT n.nspname || '.' || c.relname AS name,
    ARRAY(SELECT rulename::text FROM pg_rewrite WHERE ev_class = c.oid AND rulename <> '_RETURN' ORDER BY 1) AS rules,
    ARRAY(SELECT DISTINCT coalesce('the foreign key ' || conname, 'the trigger ' || tgname) FROM pg_trigger
      LEFT JOIN pg_constraint k ON k.oid = tgconstraint AND k.contype = 'f'
      WHERE tgrelid = c.oid AND tgenabled IN ('D', 'R') ORDER BY 1) AS disabled,
    ARRAY(SELECT tgname::text FROM pg_trigger JOIN pg_proc p ON p.oid = tgfoid JOIN pg_roles o ON o.oid = proowner
      WHERE tgrelid = c.oid AND NOT tgisinternal AND tgparentid = 0 AND prosecdef AND (rolsuper OR rolbypassrls) ORDER BY 1) AS definers
  FROM (
    SELECT tree.relid FROM unnest($1::text[]) AS wanted(name) JOIN LATERAL pg_partition_tree(to_regclass(wanted.name)) tree ON true
    UNION SELECT to_regclass(name) FROM unnest($1::text[]) AS wanted(name)
  ) AS tenants JOIN pg_class c ON c.oid = relid JOIN pg_namespace n ON n.oid = relnamespace
) AS odd WHERE rules <> '{}' OR disabled <> '{}' OR definers <> '{}' ORDER BY 1`;
