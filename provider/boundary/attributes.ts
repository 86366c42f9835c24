import type { Facet } from "./gap";

/** Rights of a role on the whole server, independent of grants. */
export const attributes: Facet = {
  everyNode: true,
  read: (read, { roles }) => {
    const replicating = Object.entries(roles).flatMap(([role, { replicates }]) => (replicates ? [role] : []));
    return read(attributesSql, [Object.keys(roles), replicating]);
  },
};

const attributesSql = `
SELECT rolname::text AS subject, seen, ARRAY[format('ALTER ROLE %I NO%s', rolname, attribute)] AS mend
FROM pg_roles CROSS JOIN LATERAL (VALUES
  (rolsuper, 'SUPERUSER', 'is a superuser'),
  (rolbypassrls, 'BYPASSRLS', 'has BYPASSRLS'),
  (rolreplication AND rolname <> ALL ($2), 'REPLICATION', 'may replicate, which reads every row'),
  (rolcreaterole, 'CREATEROLE', 'has CREATEROLE, and may change other roles'),
  (rolcreatedb, 'CREATEDB', 'has CREATEDB')) AS power (is_held, attribute, seen)
WHERE rolname = ANY ($1) AND is_held ORDER BY 1, 2`;
