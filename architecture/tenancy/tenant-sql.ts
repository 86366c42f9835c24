import { quoteIdentifier } from "../../common/identifier";
import { type Problem, refuseIfAny } from "../../common/problem";
import type { Application } from "../application";
import { roleUser, tenantPrefix } from "../application-names";
import type { SqlFile } from "../sql/sql-file";
import { type ParsedStatement, parseSql } from "../sql/sql-parser";
import type { Model, Tenant } from "./tenants";

/** An application's SQL files, divided for tenants with a schema or a silo each. */
export interface TenantFiles {
  /** Files that are applied once, because they are only about reference and local tables. Empty for silos. */
  readonly shared: readonly SqlFile[];
  /** Files that are applied for each tenant, with its roles in place of the application's. */
  own(tenant: Tenant): readonly SqlFile[];
}

/**
 * Divides the files into shared files and tenants' own. PostgreSQL's parser must be loaded.
 *
 * @throws Problems with files that can't be divided, and with names that lead out of a tenant's schema
 */
export function tenantFiles(application: Application, model: Model): TenantFiles {
  const files = application.files.map((file) => read(application, file));
  if (model === "silo")
    return { shared: [], own: (tenant) => files.map((file) => forTenant(application, file, tenant)) };
  const shared: ReadFile[] = [];
  const own: ReadFile[] = [];
  const problems: Problem[] = [];
  const sharedNames = new Set(application.tables.filter(({ kind }) => kind !== "tenant").map(({ name }) => name));
  const ownNames = new Set(application.tables.filter(({ kind }) => kind === "tenant").map(({ name }) => name));
  for (const file of files) {
    const isOwn = file.relations.some((name) => ownNames.has(name));
    const isShared = !isOwn && file.relations.some((name) => sharedNames.has(name));
    const makesShared = application.tables.find((table) => table.file === file.path && sharedNames.has(table.name));
    if (isOwn && makesShared) problems.push(mixed(file, makesShared.name));
    // A view over a tenant's tables belongs to the tenant, and so does every file that uses the view.
    for (const name of file.made) (isShared ? sharedNames : ownNames).add(name);
    (isShared ? shared : own).push(file);
    if (!isShared) problems.push(...qualifiedNames(application, file));
  }
  refuseIfAny(problems);
  return {
    shared: shared.map(({ roles: _, relations: __, made: ___, ...file }) => file),
    own: (tenant) => own.map((file) => forTenant(application, file, tenant)),
  };
}

interface ReadFile extends SqlFile {
  /** Every relation that the file names. */
  readonly relations: readonly string[];
  /** The views that the file creates, including materialized ones. */
  readonly made: readonly string[];
  /** The places where each statement names the application's roles, the last place first. */
  readonly roles: readonly (readonly RoleName[])[];
}

interface RoleName {
  readonly start: number;
  readonly end: number;
  readonly role: string;
}

function read(application: Application, file: SqlFile): ReadFile {
  const statements = file.statements.map(({ sql }) => statementOf(file.path, sql));
  const relations = new Set<string>();
  const made = new Set<string>();
  for (const { node } of statements) {
    visit(node, "RangeVar", ({ relname }) => relations.add(String(relname)));
    if ("ViewStmt" in node) made.add(node.ViewStmt.view?.relname ?? "");
    if ("CreateTableAsStmt" in node) made.add(node.CreateTableAsStmt.into?.rel?.relname ?? "");
  }
  const roles = statements.map((statement) => rolesIn(application, statement));
  return { ...file, relations: [...relations], made: [...made], roles };
}

/** Parses a statement again, which was parsed with its file before. */
function statementOf(path: string, sql: string): ParsedStatement {
  const [statement] = parseSql({ path, text: sql }).statements;
  if (!statement) throw new Error(`${path}: a statement can't be read again`);
  return statement;
}

function rolesIn({ roles }: Application, statement: ParsedStatement): RoleName[] {
  const found: RoleName[] = [];
  visit(statement.node, "RoleSpec", ({ rolename, location }) => {
    const role = roles.find(({ user }) => user === rolename);
    const start = statement.offsetOf(Number(location));
    const token = statement.tokens.find((each) => each.start === start);
    if (role && token) found.push({ start, end: token.end, role: role.name });
  });
  return found.toSorted((a, b) => b.start - a.start);
}

const names = { RangeVar: "relname", RoleSpec: "rolename" } as const;

function visit(
  node: unknown,
  kind: keyof typeof names,
  seen: (found: Readonly<Record<string, unknown>>) => void,
): void {
  if (typeof node !== "object" || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    // If the grammar allows only one kind, the tree omits its name: `{ relation: { relname } }`.
    const isKind = key === kind || (typeof value === "object" && value !== null && names[kind] in value);
    if (isKind) seen(value as Readonly<Record<string, unknown>>);
    visit(value, kind, seen);
  }
}

function forTenant(
  application: Application,
  { roles, relations: _, made: __, ...file }: ReadFile,
  tenant: Tenant,
): SqlFile {
  const prefix = tenantPrefix(application.name, tenant.name);
  const statements = file.statements.map(({ sql, line }, index) => ({
    sql: (roles[index] ?? []).reduce(
      (text, { start, end, role }) => text.slice(0, start) + quoteIdentifier(roleUser(prefix, role)) + text.slice(end),
      sql,
    ),
    line,
  }));
  return { ...file, statements };
}

function mixed({ path }: SqlFile, table: string): Problem {
  return {
    what: "This file is about tenants' tables and about shared ones, and can be applied neither once nor once a tenant",
    got: `\`${table}\`, which all tenants share, beside a table of each tenant's own`,
    fix: "Move the shared tables into a file of their own with a lower number, or use another model than `schema`",
    at: { file: path },
  };
}

/**
 * Reports names with the application's schema in tenants' files, because they would not lead to the tenant's own
 * schema.
 */
function qualifiedNames({ schema }: Application, file: SqlFile): Problem[] {
  const written = new RegExp(`(?<![\\w"'.])("?)${schema.replaceAll(/[^\w]/g, "\\$&")}\\1\\s*\\.\\s*["a-z_]`, "i");
  return file.statements
    .filter(({ sql }) =>
      statementOf(file.path, sql).tokens.some(({ text }, index, tokens) => {
        const isName = text.replaceAll('"', "") === schema && tokens[index + 1]?.text === ".";
        return isName || (text.startsWith("$") && written.test(text));
      }),
    )
    .map(({ line }) => ({
      what: `A name with the schema \`${schema}\` leads out of the tenant's own`,
      expected: "names without a schema: they mean the tenant's, then the shared ones",
      fix: `Remove \`${schema}.\``,
      at: { file: file.path, line },
    }));
}
