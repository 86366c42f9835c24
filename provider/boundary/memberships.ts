import { type Facet, readGaps } from "./gap";

/**
 * Members of a role have all its rights. Roles without any right are left alone, such as the roles that managed
 * services use for logins.
 */
export const memberships: Facet = {
  everyNode: true,
  read: readGaps(`
SELECT member.rolname::text AS subject,
  'may become ' || other.rolname || ', which ' || string_agg(power, ' and ' ORDER BY position) AS seen,
  ARRAY(
    -- From 16 on a membership belongs to whoever granted it.
    SELECT format('REVOKE %I FROM %I', direct.rolname, member.rolname)
      || CASE WHEN current_setting('server_version_num')::int >= 160000 THEN format(' GRANTED BY %I', grantor.rolname) ELSE '' END
      || ' CASCADE'
    FROM pg_auth_members AS given JOIN pg_roles AS direct ON direct.oid = given.roleid
    LEFT JOIN pg_roles AS grantor ON grantor.oid = given.grantor
    WHERE given.member = member.oid AND pg_has_role(given.roleid, other.oid, 'MEMBER') ORDER BY 1
  ) AS mend
FROM pg_roles AS member
JOIN pg_roles AS other ON other.oid <> member.oid AND pg_has_role(member.oid, other.oid, 'MEMBER')
CROSS JOIN LATERAL (VALUES
  (1, other.rolsuper, 'is a superuser'),
  (2, other.rolbypassrls, 'has BYPASSRLS'),
  (3, other.rolreplication, 'may replicate, which reads every row'),
  (4, other.rolcreaterole, 'has CREATEROLE'),
  (5, other.rolname LIKE 'pg\\_%', 'has rights of the server''s own'),
  (6, other.rolname = ANY ($1), 'is a role of the application by itself'),
  (7, other.rolname <> ALL ($1) AND EXISTS (
    SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = other.oid AND deptype IN ('o', 'a')
      AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())),
    'owns things in this database, or was granted some')) AS reason (position, is_so, power)
WHERE member.rolname = ANY ($1) AND NOT member.rolsuper AND is_so
GROUP BY member.oid, member.rolname, other.oid, other.rolname ORDER BY 1, 2`),
};
