import { type Facet, readGaps } from "./gap";

/** An owner may turn off row level security, a policy or a CHECK. */
export const ownership: Facet = {
  everyNode: false,
  read: readGaps(`
SELECT rolname::text AS subject,
  'owns ' || CASE type WHEN 'table' THEN '' ELSE 'the ' || type || ' ' END || identity AS seen,
  ARRAY[format('ALTER %s %s OWNER TO CURRENT_USER', upper(type), identity)] AS mend
FROM pg_shdepend JOIN pg_roles ON pg_roles.oid = refobjid AND refclassid = 'pg_authid'::regclass
CROSS JOIN LATERAL pg_identify_object(classid, objid, objsubid) AS thing
WHERE deptype = 'o' AND rolname = ANY ($1)
  AND (dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    OR classid = 'pg_database'::regclass AND objid = (SELECT oid FROM pg_database WHERE datname = current_database()))
  AND classid NOT IN ('pg_largeobject'::regclass, 'pg_default_acl'::regclass)
  AND coalesce(schema, '') !~ '^pg_(temp|toast)' AND NOT (type = 'schema' AND name ~ '^pg_(temp|toast)')
  -- Sequences go with the column that they number.
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = pg_shdepend.classid AND d.objid = pg_shdepend.objid
    AND type = 'sequence' AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass)
ORDER BY 1, 2`),
};
