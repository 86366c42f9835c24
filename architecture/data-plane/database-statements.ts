import { quoteIdentifier } from "../../common/identifier";
import type { Login } from "../endpoints";

/** What makes a database on every node, an application's as a tenant's, and can be run again. */

// Like @pulumi/postgresql's and every database that must not depend on what somebody put into template1.
export const createDatabase = (name: string) =>
  `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0 ENCODING 'UTF8'`;

export const createCitus = "CREATE EXTENSION IF NOT EXISTS citus";

export const createPartman = [
  "CREATE SCHEMA IF NOT EXISTS partman",
  "CREATE EXTENSION IF NOT EXISTS pg_partman WITH SCHEMA partman",
];

/** A row where pg_stat_statements can be made. */
export const canCountStatements = "SELECT WHERE current_setting('pg_stat_statements.max', true) IS NOT NULL";

/** In a schema of its own: in `public` every role could read what the others have run. */
export const createStatistics = [
  "CREATE SCHEMA IF NOT EXISTS statistics",
  "CREATE EXTENSION IF NOT EXISTS pg_stat_statements WITH SCHEMA statistics",
];

/** Tells a node by which password a role goes to the others: Citus passes roles on to all nodes, and not these rows. */
export const setNodeLogin = `INSERT INTO pg_catalog.pg_dist_authinfo (nodeid, rolename, authinfo) VALUES (0, $1, $2)
  ON CONFLICT (rolename, nodeid) DO UPDATE SET authinfo = excluded.authinfo
  WHERE pg_dist_authinfo.authinfo IS DISTINCT FROM excluded.authinfo`;

/** The parameters of `setNodeLogin`: no statement holds the password. */
export function nodeLogin({ user, password }: Login): readonly [user: string, authinfo: string] {
  return [user, `password='${password.replaceAll(/['\\]/g, "\\$&")}'`];
}
