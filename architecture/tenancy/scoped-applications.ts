import { maxIdentifierBytes } from "../../common/identifier";
import { type Problem, refuseIfAny } from "../../common/problem";
import type { Application, Table } from "../application";
import { cdcRole, roleUser, tenantLogin, tenantPrefix } from "../application-names";
import { outboxSlot } from "../data-plane/outbox-table";
import type { SqlFile } from "../sql/sql-file";
import { type TenantFiles, tenantFiles } from "./tenant-sql";
import { expectedInstead, tenantValue } from "./tenant-value";
import type { Tenancy, Tenant } from "./tenants";

/**
 * The application of each tenant: the same tables, files and events, in a schema or a database of its own and with
 * roles of its own. In the model `schema`, the shared part comes first.
 *
 * @throws Problems with tenants whose ids or names do not fit, and with SQL that can't be applied for each tenant
 */
export function scopedApplications(application: Application, { model, tenants: written }: Tenancy): Application[] {
  if (model === "shared") return [application];
  refuseIfAny(written.flatMap((tenant) => tenantProblems(application, tenant)));
  const tenants = written.map(({ name, id }) => ({ name, id: tenantValue(application.tenant.type, id) }));
  refuseIfAny([...sameTenants(tenants), ...sameRoles(application, tenants)]);
  const files = tenantFiles(application, model);
  const own = tenants.map((tenant) =>
    model === "silo" ? silo(application, tenant, files) : schemaOf(application, tenant, files),
  );
  return model === "silo" ? own : [sharedApplication(application, own, files.shared), ...own];
}

/**
 * The roles that log in, under the names that the endpoints' logins have. With a schema or a silo, each tenant has its
 * own.
 */
export function loginRoles(applications: readonly Application[]): Application["roles"] {
  return applications.flatMap(({ scope, roles }) => {
    if (!scope) return roles;
    const { tenant } = scope;
    return tenant ? roles.map((role) => ({ ...role, name: tenantLogin(tenant.name, role.name) })) : [];
  });
}

function rolesOf(application: Application, tenant: Tenant): Application["roles"] {
  const prefix = tenantPrefix(application.name, tenant.name);
  return application.roles.map((role) => ({ ...role, user: roleUser(prefix, role.name) }));
}

function silo(application: Application, tenant: Tenant, { own }: TenantFiles): Application {
  return {
    ...application,
    scope: { model: "silo", tenant },
    roles: rolesOf(application, tenant),
    files: own(tenant),
  };
}

function schemaOf(application: Application, tenant: Tenant, { own }: TenantFiles): Application {
  const schema = tenantPrefix(application.name, tenant.name);
  const isTenants = new Set(application.tables.filter(({ kind }) => kind === "tenant").map(({ name }) => name));
  return {
    ...application,
    schema,
    scope: { model: "schema", tenant, sharedSchema: application.schema },
    roles: rolesOf(application, tenant),
    files: own(tenant),
    tables: application.tables
      .filter(({ kind }) => kind === "tenant")
      .map(
        (table): Table => ({
          ...table,
          schema,
          foreignKeys: table.foreignKeys.map(({ references, ...key }) => ({
            ...key,
            references: isTenants.has(references.table) ? { ...references, schema } : references,
          })),
        }),
      ),
  };
}

/** The shared part: reference and local tables, and the change stream. Its roles are those of every tenant. */
function sharedApplication(
  application: Application,
  own: readonly Application[],
  files: readonly SqlFile[],
): Application {
  return {
    ...application,
    scope: { model: "schema", sharedSchema: application.schema },
    roles: own.flatMap(({ roles }) => roles),
    files,
    tables: application.tables.filter(({ kind }) => kind !== "tenant"),
  };
}

function tenantProblems(application: Application, tenant: Tenant): Problem[] {
  const problems: Problem[] = [];
  const expected = expectedInstead(application.tenant.type, tenant.id);
  if (expected !== undefined) {
    problems.push({
      what: `The id of tenant \`${tenant.name}\` is no value of ${application.tenant.column}`,
      got: tenant.id,
      expected: `${expected}, as \`tenant.type\` of architecture.yaml is ${application.tenant.type}`,
      fix: "Correct `id` in `tenantry:tenants`",
    });
  }
  const prefix = tenantPrefix(application.name, tenant.name);
  const longest = [
    outboxSlot(prefix, { name: "coordinator", host: "", port: 0 }),
    ...application.roles.map(({ name }) => roleUser(prefix, name)),
  ].reduce((one, other) => (other.length > one.length ? other : one));
  if (longest.length > maxIdentifierBytes) {
    problems.push({
      what: `Names become too long with tenant \`${tenant.name}\``,
      got: `${longest} (${longest.length} bytes)`,
      expected: `at most ${maxIdentifierBytes} bytes`,
      fix: `Shorten the tenant's name by ${longest.length - maxIdentifierBytes}`,
    });
  }
  const taken = [application.schema, cdcRole(application.name), ...application.roles.map(({ user }) => user)];
  if (taken.includes(prefix)) {
    problems.push({
      what: `The name of tenant \`${tenant.name}\` makes one that the application has already`,
      got: prefix,
      fix: "Choose another name in `tenantry:tenants`",
    });
  }
  return problems;
}

/** Reports ids that differ in the stack file but are equal in PostgreSQL. */
function sameTenants(tenants: readonly Tenant[]): Problem[] {
  return tenants.flatMap(({ name, id }, index) => {
    const other = tenants.slice(0, index).find((earlier) => earlier.id === id);
    if (!other) return [];
    return {
      what: `The tenants \`${other.name}\` and \`${name}\` are one, by their id`,
      got: id,
      fix: "Remove one of them from `tenantry:tenants`, or correct its id",
    };
  });
}

/** Reports roles that two tenants would share, because such a role could read the rows of both. */
function sameRoles(application: Application, tenants: readonly Tenant[]): Problem[] {
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  for (const tenant of tenants) {
    for (const { user } of rolesOf(application, tenant)) {
      const other = owners.get(user);
      if (other !== undefined) {
        problems.push({
          what: `The tenants \`${other}\` and \`${tenant.name}\` would have a role of the same name, which gets into both their places`,
          got: user,
          fix: "Choose another name for one of them in `tenantry:tenants`, or for the role in architecture.yaml",
        });
      }
      owners.set(user, tenant.name);
    }
  }
  return problems;
}
