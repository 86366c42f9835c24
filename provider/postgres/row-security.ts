import type { TenantType } from "../../architecture/application";
import type { TenantIsolationInputs } from "../../architecture/data-plane/declaration";
import { tenantValue } from "../../architecture/tenancy/tenant-value";
import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import { quoteTable, type TableName, tableId } from "./live-tables";
import type { Reader, Statement } from "./sql-statements";

/** The policy's name on every tenant table and partition. */
export const policyName = "tenant_isolation";

export interface FoundPolicy {
  readonly name: string;
  /** As `pg_get_expr` writes them. */
  readonly using: string | null;
  readonly check: string | null;
  readonly permissive: boolean;
  /** `*` is all commands. */
  readonly command: string;
  readonly everyone: boolean;
}

/** A table, or one of its partitions, as the catalogs have it. */
export interface FoundRowSecurity extends TableName {
  readonly enabled: boolean;
  readonly forced: boolean;
  readonly policies: readonly FoundPolicy[];
}

type Tenancy = Pick<TenantIsolationInputs, "column" | "type" | "onlyTenant">;

const isOff = "row level security is off";
const isNotForced = "row level security is not forced on the owner";
const isMissing = `the policy ${policyName} is missing`;
const wasChanged = `the policy ${policyName} was changed`;
const widens = (name: string) => `the policy ${name} widens access`;

/** Why a table is not isolated as declared; nothing where it is. */
export function gapsOf(found: FoundRowSecurity, tenancy: Tenancy): readonly string[] {
  const policy = found.policies.find(({ name }) => name === policyName);
  return [
    ...(found.enabled ? [] : [isOff]),
    ...(found.forced ? [] : [isNotForced]),
    ...(policy ? (isExpected(policy, tenancy) ? [] : [wasChanged]) : [isMissing]),
    ...wideningPolicies(found).map(widens),
  ];
}

/** A table with these gaps, for a preview that asks no server. */
export function tableWithGaps(name: TableName, gaps: readonly string[], tenancy: Tenancy): FoundRowSecurity {
  const condition = tenantCondition(tenancy);
  const policy = { permissive: true, command: "*", everyone: true };
  const own = {
    ...policy,
    name: policyName,
    using: condition,
    check: gaps.includes(wasChanged) ? null : writeCondition(tenancy, writtenBack),
  };
  const widening = gaps.flatMap((gap) => /^the policy (.*) widens access$/s.exec(gap)?.[1] ?? []);
  return {
    ...{ schema: name.schema, table: name.table },
    enabled: !gaps.includes(isOff),
    forced: !gaps.includes(isNotForced),
    policies: [
      ...(gaps.includes(isMissing) ? [] : [own]),
      ...widening.map((name) => ({ ...policy, name, using: null, check: null })),
    ],
  };
}

/** Policies that PERMIT are added up by OR: any beside ours lets rows through that ours holds back. */
function wideningPolicies({ policies }: FoundRowSecurity): readonly string[] {
  return policies.filter(({ name, permissive }) => permissive && name !== policyName).map(({ name }) => name);
}

/** Closes the gaps, and does nothing else. The policy comes before it is enforced, so that rows are never out of reach. */
export function planRowSecurity(found: FoundRowSecurity, tenancy: Tenancy): readonly Statement[] {
  const table = quoteTable(found);
  const statements: Statement[] = [];
  const drop = (name: string) => ({ sql: `DROP POLICY ${quoteIdentifier(name)} ON ${table}` });
  const policy = found.policies.find(({ name }) => name === policyName);
  if (!policy || !isExpected(policy, tenancy)) {
    if (policy) statements.push(drop(policyName));
    const condition = tenantCondition(tenancy);
    statements.push({
      sql: `CREATE POLICY ${quoteIdentifier(policyName)} ON ${table} USING (${condition}) WITH CHECK (${writeCondition(tenancy)})`,
    });
  }
  statements.push(...wideningPolicies(found).map(drop));
  const actions = [
    found.enabled ? [] : ["ENABLE ROW LEVEL SECURITY"],
    found.forced ? [] : ["FORCE ROW LEVEL SECURITY"],
  ];
  if (actions.flat().length > 0) statements.push({ sql: `ALTER TABLE ${table} ${actions.flat().join(", ")}` });
  return statements;
}

/** Without a tenant's context the setting is missing or empty: then no row matches, and nothing fails. */
function tenantCondition({ column, type }: Tenancy): string {
  return `${quoteIdentifier(column)} = nullif(current_setting('app.tenant_id', true), '')::${type}`;
}

/** In a tenant's own place, its logins can't write in another's name either, whatever they set as their tenant. */
function writeCondition(tenancy: Tenancy, constant: (value: string, type: TenantType) => string = typed): string {
  const { column, type, onlyTenant } = tenancy;
  const condition = tenantCondition(tenancy);
  if (onlyTenant === undefined) return condition;
  return `${condition} AND ${quoteIdentifier(column)} = ${constant(tenantValue(type, onlyTenant), type)}`;
}

function typed(value: string, type: TenantType): string {
  return `${quoteLiteral(value)}::${type}`;
}

/** As PostgreSQL writes a constant back: an integer without quotes unless it is negative, and a backslash as it is. */
function writtenBack(value: string, type: TenantType): string {
  return type === "integer" && !value.startsWith("-") ? value : `'${value.replaceAll("'", "''")}'::${type}`;
}

function isExpected(policy: FoundPolicy, tenancy: Tenancy): boolean {
  const same = (found: string | null, expected: string) => found !== null && canonical(found) === canonical(expected);
  const { permissive, command, everyone, using, check } = policy;
  const bindsAll = permissive && command === "*" && everyone;
  return bindsAll && same(using, tenantCondition(tenancy)) && same(check, writeCondition(tenancy, writtenBack));
}

/**
 * PostgreSQL writes an expression back with more parentheses, casts to text and quotes than it was given, differing by
 * version. What is left without them says the same only for the same expression, as every other word of it counts, and a
 * value is left as it is.
 */
function canonical(expression: string): string {
  return expression
    .replace(/('(?:[^']|'')*')|::text|[()\s"]/g, (_, value: string | undefined) => value ?? "")
    .replace(/nullif/i, "nullif");
}

/** An expression that gives the policies of a table, in SQL. */
export function policiesOf(oid: string): string {
  return `coalesce((SELECT json_agg(json_build_object('name', polname, 'using', pg_get_expr(polqual, polrelid),
           'check', pg_get_expr(polwithcheck, polrelid), 'permissive', polpermissive, 'command', polcmd,
           'everyone', polroles = '{0}') ORDER BY polname)
         FROM pg_policy WHERE polrelid = ${oid}), '[]')`;
}

/**
 * The table and its partitions at every depth, partitions first: theirs are closed before the whole counts as isolated.
 * Nothing where there is no such table.
 */
export async function readRowSecurity(read: Reader, name: TableName): Promise<readonly FoundRowSecurity[]> {
  return read<FoundRowSecurity>(
    `SELECT nspname AS schema, c.relname AS table, relrowsecurity AS enabled, relforcerowsecurity AS forced,
       ${policiesOf("c.oid")} AS policies
     FROM (SELECT oid::regclass AS relid, 0 AS level FROM pg_class WHERE oid = to_regclass($1) AND relkind IN ('r', 'p')
       UNION SELECT relid, level FROM pg_partition_tree(to_regclass($1))) tree
     JOIN pg_class c ON c.oid = tree.relid JOIN pg_namespace n ON n.oid = relnamespace
     ORDER BY level DESC, nspname, c.relname`,
    [quoteTable(name)],
  );
}

/** As it is before anything is done. */
export function openTable(name: TableName): FoundRowSecurity {
  return { schema: name.schema, table: name.table, enabled: false, forced: false, policies: [] };
}

/** The gaps by table, for the state: empty when all is in place. */
export function collectGaps(
  found: readonly FoundRowSecurity[],
  tenancy: Tenancy,
): Readonly<Record<string, readonly string[]>> {
  const gaps = found.map((table) => [tableId(table), gapsOf(table, tenancy)] as const);
  return Object.fromEntries(gaps.filter(([, reasons]) => reasons.length > 0));
}
