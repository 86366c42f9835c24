import type { Application, Table } from "../application";
import { maxIdentifierBytes } from "../identifier";
import { cdcRole, roleUser, tenantLogin } from "../names";
import { outboxSlot } from "../outbox";
import { type Problem, refuseIfAny } from "../problem";
import type { SqlFile } from "../sql-file";
import { type TenantFiles, tenantFiles } from "./tenant-sql";
import type { Tenancy, Tenant } from "./tenants";

/**
 * The application as each tenant has it: the same tables, files and events, in a schema or a database of its own, for
 * roles of its own. In the model `schema`, what the tenants share comes first.
 *
 * @throws Problems with tenants whose ids or names don't fit, and with SQL that can't be applied once a tenant
 */
export function partsOf(application: Application, { model, tenants }: Tenancy): Application[] {
  if (model === "shared") return [application];
  refuseIfAny(tenants.flatMap((tenant) => tenantProblems(application, tenant)));
  const files = tenantFiles(application, model);
  const own = tenants.map((tenant) =>
    model === "silo" ? silo(application, tenant, files) : schemaOf(application, tenant, files),
  );
  return model === "silo" ? own : [sharedPart(application, own, files.shared), ...own];
}

/** The schema of a tenant in the model `schema`; the prefix of its roles in both. */
export function tenantPrefix({ name }: Pick<Application, "name">, tenant: Tenant): string {
  return `${name}_${tenant.name}`;
}

/** The roles that log in, each tenant's own where it has a place of its own; named as among the endpoints' logins. */
export function loginRoles(application: Application, { model, tenants }: Tenancy): Application["roles"] {
  if (model === "shared") return application.roles;
  return tenants.flatMap((tenant) =>
    rolesOf(application, tenant).map((role) => ({ ...role, name: tenantLogin(tenant.name, role.name) })),
  );
}

function rolesOf(application: Application, tenant: Tenant): Application["roles"] {
  const prefix = tenantPrefix(application, tenant);
  return application.roles.map((role) => ({ ...role, user: roleUser(prefix, role.name) }));
}

function silo(application: Application, tenant: Tenant, { own }: TenantFiles): Application {
  return {
    ...application,
    part: { model: "silo", tenant },
    roles: rolesOf(application, tenant),
    files: own(tenant),
  };
}

function schemaOf(application: Application, tenant: Tenant, { own }: TenantFiles): Application {
  const schema = tenantPrefix(application, tenant);
  const isTenants = new Set(application.tables.filter(({ kind }) => kind === "tenant").map(({ name }) => name));
  return {
    ...application,
    schema,
    part: { model: "schema", tenant, sharedSchema: application.schema },
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

/** Reference and local tables, and the change stream of all; its roles are those of every tenant. */
function sharedPart(application: Application, own: readonly Application[], files: readonly SqlFile[]): Application {
  return {
    ...application,
    part: { model: "schema", sharedSchema: application.schema },
    roles: own.flatMap(({ roles }) => roles),
    files,
    tables: application.tables.filter(({ kind }) => kind !== "tenant"),
  };
}

const idForms = {
  uuid: [/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, "a uuid"],
  bigint: [/^-?\d{1,18}$/, "a whole number"],
  integer: [/^-?\d{1,9}$/, "a whole number"],
  text: [/^[^\0]+$/, "a text"],
} as const;

function tenantProblems(application: Application, tenant: Tenant): Problem[] {
  const problems: Problem[] = [];
  const [form, expected] = idForms[application.tenant.type];
  if (!form.test(tenant.id)) {
    problems.push({
      what: `The id of tenant \`${tenant.name}\` is no value of ${application.tenant.column}`,
      got: tenant.id,
      expected: `${expected}, as \`tenant.type\` of architecture.yaml is ${application.tenant.type}`,
      fix: "Correct `id` in `tenantry:tenants`",
    });
  }
  const prefix = tenantPrefix(application, tenant);
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
