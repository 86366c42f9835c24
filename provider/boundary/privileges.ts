import { type Facet, readGaps } from "./gap";

/** Privileges of PUBLIC and the roles on tables that `architecture.yaml` can't declare. */
export const privileges: Facet = {
  everyNode: false,
  read: readGaps(`
WITH granted (grantee, owner, privilege, what, tail) AS (
  SELECT grantee, nspowner, privilege_type, 'may make things in the schema ' || nspname, format('CREATE ON SCHEMA %I', nspname)
  FROM pg_namespace CROSS JOIN aclexplode(nspacl)
  WHERE privilege_type = 'CREATE' AND (nspname = ANY ($2) OR nspname = 'public')
UNION ALL
  SELECT grantee, datdba, privilege_type, 'may make schemas in this database', format('CREATE ON DATABASE %I', datname)
  FROM pg_database CROSS JOIN aclexplode(datacl) WHERE privilege_type = 'CREATE' AND datname = current_database()
UNION ALL
  SELECT grantee, 0, privilege_type, format('may %s the server''s parameter %s', privilege_type, parname),
    format('%s ON PARAMETER %s', privilege_type, parname)
  FROM pg_parameter_acl CROSS JOIN aclexplode(paracl)
UNION ALL
  SELECT grantee, srvowner, privilege_type, 'may reach the foreign server ' || srvname, format('USAGE ON FOREIGN SERVER %I', srvname)
  FROM pg_foreign_server CROSS JOIN aclexplode(srvacl)
UNION ALL
  SELECT grantee, fdwowner, privilege_type, 'may reach servers by ' || fdwname, format('USAGE ON FOREIGN DATA WRAPPER %I', fdwname)
  FROM pg_foreign_data_wrapper CROSS JOIN aclexplode(fdwacl)
UNION ALL
  SELECT grantee, relowner, privilege_type, format('may %s the column %s of %s', privilege_type, attname, c.oid::regclass),
    format('%s (%I) ON %s', privilege_type, attname, c.oid::regclass)
  FROM pg_attribute CROSS JOIN aclexplode(attacl) JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
  WHERE nspname = ANY ($2) AND relrowsecurity
UNION ALL
  -- On tables under row level security, TenantIsolation does this.
  SELECT grantee, relowner, privilege_type, format('may %s %s', privilege_type, c.oid::regclass),
    format('%s ON %s', privilege_type, c.oid::regclass)
  FROM pg_class c CROSS JOIN aclexplode(relacl) JOIN pg_namespace n ON n.oid = relnamespace
  WHERE nspname = ANY ($2) AND grantee = 0 AND relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relrowsecurity
)
SELECT coalesce(rolname, 'PUBLIC')::text AS subject, what AS seen,
  ARRAY[format('REVOKE %s FROM %s CASCADE', tail, coalesce(quote_ident(rolname), 'PUBLIC'))] AS mend
FROM granted LEFT JOIN pg_roles ON pg_roles.oid = grantee
WHERE (grantee = 0 OR rolname = ANY ($1)) AND grantee <> owner
UNION ALL
SELECT coalesce(given.rolname, 'PUBLIC')::text,
  format('may %s every %s that %s makes%s', privilege_type, CASE defaclobjtype WHEN 'n' THEN 'schema' ELSE 'table' END, maker.rolname,
    ' in the schema ' || nspname),
  ARRAY[format('ALTER DEFAULT PRIVILEGES FOR ROLE %I', maker.rolname) || coalesce(' IN SCHEMA ' || quote_ident(nspname), '')
    || format(' REVOKE %s ON %s FROM %s', privilege_type, CASE defaclobjtype WHEN 'n' THEN 'SCHEMAS' ELSE 'TABLES' END,
      coalesce(quote_ident(given.rolname), 'PUBLIC'))]
FROM pg_default_acl CROSS JOIN aclexplode(defaclacl) JOIN pg_roles AS maker ON maker.oid = defaclrole
LEFT JOIN pg_roles AS given ON given.oid = grantee LEFT JOIN pg_namespace ON pg_namespace.oid = defaclnamespace
WHERE defaclobjtype IN ('r', 'n') AND (grantee = 0 OR given.rolname = ANY ($1)) AND grantee <> defaclrole
ORDER BY 1, 2`),
};
