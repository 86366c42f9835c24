import { quoteIdentifier } from "../../common/identifier";
import type { Login } from "../endpoints";

/** Repeatable statements that create a database on a node, for an application or for a tenant. */

// template0, as @pulumi/postgresql uses, has no objects that somebody may have added to template1.
export const createDatabase = (name: string) =>
  `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0 ENCODING 'UTF8'`;

export const createCitus = "CREATE EXTENSION IF NOT EXISTS citus";

export const createPartman = [
  "CREATE SCHEMA IF NOT EXISTS partman",
  "CREATE EXTENSION IF NOT EXISTS pg_partman WITH SCHEMA partman",
];

/** Returns a row if pg_stat_statements can be created. */
export const canCountStatements = "SELECT WHERE current_setting('pg_stat_statements.max', true) IS NOT NULL";

/** In a schema of its own, because in `public` every role could read the statements of all others. */
export const createStatistics = [
  "CREATE SCHEMA IF NOT EXISTS statistics",
  "CREATE EXTENSION IF NOT EXISTS pg_stat_statements WITH SCHEMA statistics",
];

/**
 * Stores the password with which a role connects from this node to the others. Citus copies roles to all nodes, but not
 * these rows.
 */
export const setNodeLogin = `INSERT INTO pg_catalog.pg_dist_authinfo (nodeid, rolename, authinfo) VALUES (0, $1, $2)
  ON CONFLICT (rolename, nodeid) DO UPDATE SET authinfo = excluded.authinfo
  WHERE pg_dist_authinfo.authinfo IS DISTINCT FROM excluded.authinfo`;

/** The parameters of `setNodeLogin`, so that no statement holds the password. */
export function nodeLogin({ user, password }: Login): readonly [user: string, authinfo: string] {
  return [user, `password='${password.replaceAll(/['\\]/g, "\\$&")}'`];
}
