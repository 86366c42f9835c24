import { lockKeys } from "./postgres-lock";
import type { Reader } from "./sql-statements";

/** Relation that a file has touched, read from the catalogs. */
export interface TouchedRelation {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** `r` table, `p` partitioned, `v` view, `m` materialized view, `f` foreign table. */
  readonly kind: "r" | "p" | "v" | "m" | "f";
  readonly owner: string;
  readonly enabled: boolean;
  readonly forced: boolean;
  readonly unlogged: boolean;
  /** Permissive policies by name, each with its full definition. */
  readonly policies: Readonly<Record<string, string>>;
  /** Rules, except the one that defines a view. */
  readonly rules: readonly string[];
  readonly disabledTriggers: readonly string[];
  /** Privileges of PUBLIC and of the application's roles, on the table or on a column. `*` marks a grant option. */
  readonly grants: Readonly<Record<string, readonly string[]>>;
  /** True for a partition of a table under forced row level security. */
  readonly ofIsolated: boolean;
  /** True for a view that reads tables under row level security with its owner's rights. */
  readonly exposes: boolean;
}

/** Reads a role's privileges. A role may be named like a property of JavaScript's Object. */
export function heldBy(grants: TouchedRelation["grants"], role: string): readonly string[] {
  return Object.hasOwn(grants, role) ? (grants[role] ?? []) : [];
}

/** Object outside of tables that isolation depends on, such as a membership. */
export interface Footing {
  readonly kind: keyof typeof footingSql;
  readonly object: string;
  readonly value: string;
}

/** Session that ran a file. */
export interface LeftSession {
  readonly role: string;
  /** True if the session still holds the lock that keeps other changes out. */
  readonly locked: boolean;
}

export interface Catalogs {
  readonly relations: readonly TouchedRelation[];
  readonly footings: readonly Footing[];
}

/**
 * Reads every object that the open transaction has touched, as the transaction sees it. It holds a lock on the
 * object, or has written its row.
 */
export async function readTouched(
  read: Reader,
  roles: readonly string[],
  citus: boolean,
): Promise<Catalogs & { readonly session: LeftSession; readonly oids: readonly string[] }> {
  const touched = `SELECT relation FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION SELECT oid FROM pg_class WHERE age(xmin) <= 0
    UNION SELECT attrelid FROM pg_attribute WHERE age(xmin) <= 0`;
  const [relations, footings, session, locked] = await Promise.all([
    read<TouchedRelation>(relationsSql(touched, citus), [roles]),
    read<Footing>(footingsSql, [roles]),
    readSession(read),
    read<{ oid: string }>(`SELECT relation::text AS oid FROM (${touched}) AS touched`),
  ]);
  return { relations, footings, session, oids: locked.map(({ oid }) => oid) };
}

/** Reads the same objects as they were before, which other sessions still see. */
export async function readBefore(
  read: Reader,
  roles: readonly string[],
  oids: readonly string[],
  citus: boolean,
): Promise<Catalogs> {
  const [relations, footings] = await Promise.all([
    read<TouchedRelation>(relationsSql("SELECT unnest($2::oid[]) AS relation", citus), [roles, oids]),
    read<Footing>(footingsSql, [roles]),
  ]);
  return { relations, footings };
}

/** Reads all tables under row level security, for statements that can't run in a transaction. */
export async function readIsolated(read: Reader, roles: readonly string[], citus: boolean): Promise<Catalogs> {
  const isolated = "SELECT oid AS relation FROM pg_class WHERE relrowsecurity";
  const [relations, footings] = await Promise.all([
    read<TouchedRelation>(relationsSql(isolated, citus), [roles]),
    read<Footing>(footingsSql, [roles]),
  ]);
  return { relations, footings };
}

export async function readSession(read: Reader): Promise<LeftSession> {
  const [session] = await read<LeftSession>(sessionSql);
  if (!session) throw new Error("the server did not answer a question about the session");
  return session;
}

const granteeOf = "coalesce((SELECT rolname::text FROM pg_roles WHERE oid = grantee), 'PUBLIC')";
const bound = "(grantee = 0 OR grantee IN (SELECT oid FROM pg_roles WHERE rolname = ANY ($1)))";

/** Compares policies in their stored form: to print one, PostgreSQL would wait for the lock on its table. */
function relationsSql(touched: string, citus: boolean): string {
  return `
  WITH RECURSIVE touched AS (${touched}),
  reads(view, relation) AS (
    SELECT ev_class, refobjid FROM pg_rewrite JOIN pg_depend ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid
      AND refclassid = 'pg_class'::regclass AND refobjid <> ev_class WHERE ev_class IN (SELECT relation FROM touched)
    UNION
    SELECT reads.view, refobjid FROM reads JOIN pg_class inner_view ON inner_view.oid = reads.relation AND relkind = 'v' JOIN pg_rewrite ON ev_class = inner_view.oid JOIN pg_depend ON classid = 'pg_rewrite'::regclass
      AND objid = pg_rewrite.oid AND refclassid = 'pg_class'::regclass AND refobjid <> ev_class)
  SELECT c.oid::text AS oid, nspname AS schema, c.relname AS name, relkind AS kind, pg_get_userbyid(relowner)::text AS owner,
    relrowsecurity AS enabled, relforcerowsecurity AS forced, relpersistence = 'u' AS unlogged,
    coalesce((SELECT json_object_agg(polname, concat_ws(' ', polcmd, polroles, md5(polqual::text), md5(polwithcheck::text)))
      FROM pg_policy WHERE polrelid = c.oid AND polpermissive), '{}') AS policies,
    ARRAY(SELECT rulename::text FROM pg_rewrite WHERE ev_class = c.oid AND rulename <> '_RETURN' ORDER BY 1) AS rules,
    ARRAY(SELECT tgname::text FROM pg_trigger WHERE tgrelid = c.oid AND tgenabled = 'D' ORDER BY 1) AS "disabledTriggers",
    coalesce((SELECT json_object_agg(role, privileges) FROM (
      SELECT role, array_agg(DISTINCT privilege ORDER BY privilege) AS privileges
      FROM (SELECT ${granteeOf} AS role, privilege_type || suffix || CASE WHEN is_grantable THEN '*' ELSE '' END AS privilege
        FROM (SELECT relacl AS acl, '' AS suffix UNION ALL
          SELECT attacl, format(' (%I)', attname) FROM pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL) AS given
        CROSS JOIN aclexplode(acl) WHERE ${bound} AND grantee <> relowner) AS each GROUP BY role) AS held), '{}') AS grants,
    EXISTS (SELECT FROM pg_inherits JOIN pg_class parent ON parent.oid = inhparent
      WHERE inhrelid = c.oid AND c.relispartition AND parent.relrowsecurity AND parent.relforcerowsecurity) AS "ofIsolated",
    relkind IN ('v', 'm') AND EXISTS (SELECT FROM reads JOIN pg_class r ON r.oid = reads.relation WHERE view = c.oid AND r.relrowsecurity)
      AND NOT coalesce((SELECT option_value::boolean FROM pg_options_to_table(reloptions) WHERE option_name = 'security_invoker'), false)
      AS exposes
  FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE c.oid IN (SELECT relation FROM touched) AND relkind IN ('r', 'p', 'v', 'm', 'f') AND relpersistence <> 't'
    AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
    ${citus ? "AND NOT pg_catalog.relation_is_a_known_shard(c.oid)" : ""}
  ORDER BY nspname, c.relname`;
}

/** Queries of `object` and `value` by kind. */
const footingSql = {
  membership: `SELECT pg_get_userbyid(member) || ' in ' || pg_get_userbyid(roleid),
      CASE WHEN admin_option THEN 'with ADMIN OPTION' ELSE 'plain' END FROM pg_auth_members`,
  role: `SELECT rolname, concat_ws(' ', CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
      CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
      CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END) FROM pg_roles`,
  setting: `SELECT concat_ws(' in ', coalesce(rolname, 'every role'), coalesce('database ' || datname, 'every database')), setconfig::text
    FROM pg_db_role_setting LEFT JOIN pg_roles r ON r.oid = setrole LEFT JOIN pg_database d ON d.oid = setdatabase
    WHERE setdatabase = 0 OR datname = current_database()`,
  "event trigger": `SELECT evtname, concat_ws(' ', evtevent, evtenabled, evtfoid::regprocedure, evttags) FROM pg_event_trigger`,
  "function of the toolkit": `SELECT p.oid::regprocedure::text, md5(concat_ws(' ', prosrc, prosecdef, proconfig, proowner, prosqlbody::text, proacl))
    FROM pg_proc p WHERE pronamespace = to_regnamespace('tenantry')`,
  "SECURITY DEFINER function": `SELECT p.oid::regprocedure::text, md5(concat_ws(' ', prosrc, prosqlbody::text, proowner)) FROM pg_proc p
    WHERE prosecdef AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
      AND pronamespace <> ALL (ARRAY['pg_catalog', 'information_schema']::regnamespace[])`,
  schema: `SELECT nspname, concat_ws(' ', 'owner', pg_get_userbyid(nspowner), (SELECT string_agg(${granteeOf} || ' ' || privilege_type, ', ' ORDER BY 1)
      FROM aclexplode(nspacl) WHERE ${bound} AND privilege_type = 'CREATE' AND grantee <> nspowner))
    FROM pg_namespace WHERE nspname !~ '^pg_'`,
  "default privileges": `SELECT concat_ws(' ', pg_get_userbyid(defaclrole), defaclnamespace::regnamespace, defaclobjtype), defaclacl::text FROM pg_default_acl`,
  database: `SELECT datname, concat_ws(' ', 'owner', pg_get_userbyid(datdba), datacl) FROM pg_database WHERE datname = current_database()`,
  publication: `SELECT pubname, concat_ws(' ', CASE WHEN puballtables THEN 'FOR ALL TABLES' END,
      (SELECT 'FOR TABLES IN SCHEMA ' || string_agg(pnnspid::regnamespace::text, ', ' ORDER BY pnnspid) FROM pg_publication_namespace WHERE pnpubid = p.oid),
      (SELECT 'FOR TABLE ' || string_agg(concat_ws(' ', prrelid::regclass, prattrs, prqual IS NOT NULL), ', ' ORDER BY prrelid)
        FROM pg_publication_rel WHERE prpubid = p.oid),
      pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot) FROM pg_publication p`,
  "parameter privileges": `SELECT parname, paracl::text FROM pg_parameter_acl`,
  language: `SELECT lanname, 'untrusted' FROM pg_language WHERE NOT lanpltrusted`,
  "foreign server": `SELECT srvname, 'a way out of the database' FROM pg_foreign_server`,
};

const footingsSql = Object.entries(footingSql)
  .map(([kind, sql]) => `SELECT '${kind}' AS kind, * FROM (${sql}) AS found (object, value)`)
  .join("\nUNION ALL ");

const sessionSql = `SELECT session_user::text AS role, EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid()
  AND locktype = 'advisory' AND classid = ${lockKeys[0]} AND objid = ${lockKeys[1]} AND objsubid = 2 AND granted) AS locked`;
