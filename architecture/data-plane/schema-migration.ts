import { durationMs } from "../../common/duration";
import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import { hashOf } from "../../common/source";
import type { Application, Role } from "../application";
import { cdcRole } from "../application-names";
import type { MigrationInputs } from "./declaration";

/**
 * Creates the application's schema and grants USAGE on it; runs again when the roles change. The roles' search_path
 * lets an application write the same SQL in every model: a tenant's roles find their own schema first, then the shared
 * one. A silo accepts connections of its own roles only.
 */
export function schemaMigration(application: Application): MigrationInputs {
  const { name, schema, roles, scope } = application;
  const owner = scope?.tenant;
  const users = [...roles.map(({ user }) => user), cdcRole(name)].toSorted();
  const schemas = [...new Set([schema, "tenantry"])].map(quoteIdentifier).join(", ");
  const statements = [
    checkRoles(users),
    `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`,
    `GRANT USAGE ON SCHEMA ${schemas} TO ${users.map(quoteIdentifier).join(", ")}`,
    ...roles.map(statementTimeout).toSorted(),
    ...(scope?.model === "silo" ? [closeDatabase(users)] : []),
    // The shared part has no search_path of its own; it is part of each tenant's.
    ...(scope?.model === "schema" && !owner ? [] : roles.map((role) => searchPath(application, role))),
  ];
  return {
    path: `sql/${name}/architecture.yaml`,
    hash: hashOf(statements.join(";\n")),
    statements: statements.map((sql) => ({ sql, line: 1 })),
    transaction: true,
    schema,
    apply: "onChange",
  };
}

/** Fails if roles are missing. The platform creates them, so that only the platform handles passwords. */
function checkRoles(users: readonly string[]): string {
  return `DO $$
DECLARE
  missing text := (
    SELECT string_agg(name, ', ')
    FROM unnest(ARRAY[${users.map(quoteLiteral).join(", ")}]) AS name
    WHERE name NOT IN (SELECT rolname FROM pg_roles)
  );
BEGIN
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'roles are missing: %', missing
      USING HINT = 'The platform makes them: run tenantry local up, or create them with LOGIN on an external server.';
  END IF;
END $$`;
}

/** Sets the timeout in this database only, because whoever created the role owns its other settings. */
function statementTimeout(role: Role): string {
  const timeout = timeoutOf(role);
  const what = timeout === undefined ? "RESET statement_timeout" : `SET statement_timeout = ${quoteLiteral(timeout)}`;
  return `DO $$
BEGIN
  EXECUTE format('ALTER ROLE %I IN DATABASE %I', ${quoteLiteral(role.user)}, current_database())
    || ${quoteLiteral(` ${what}`)};
END $$`;
}

function timeoutOf({ statementTimeout: timeout }: Role): string | undefined {
  return timeout && `${durationMs(timeout)}ms`;
}

function closeDatabase(users: readonly string[]): string {
  return `DO $$
BEGIN
  EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO ${users.map(quoteIdentifier).join(", ").replaceAll("'", "''")}', current_database());
END $$`;
}

function searchPath(application: Application, { user }: Role): string {
  const path = pathOf(application);
  return `DO $$
BEGIN
  EXECUTE format('ALTER ROLE ${quoteIdentifier(user).replaceAll("'", "''")} IN DATABASE %I SET search_path = ${path.replaceAll("'", "''")}', current_database());
END $$`;
}

function pathOf({ schema, scope }: Application): string {
  const shared = scope?.model === "schema" ? [scope.sharedSchema] : [];
  return [...new Set([schema, ...shared, "public"])].map(quoteIdentifier).join(", ");
}

/** The settings with which a session of the role begins, in the syntax of SET. */
export function sessionDefaults(application: Application, role: Role): Readonly<Record<string, string>> {
  const timeout = timeoutOf(role);
  return { search_path: pathOf(application), ...(timeout !== undefined && { statement_timeout: timeout }) };
}
