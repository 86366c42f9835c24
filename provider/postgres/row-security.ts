import type { TenantType } from "../../architecture/application";
import type { TenantIsolationInputs } from "../../architecture/data-plane/declaration";
import { tenantValue } from "../../architecture/tenancy/tenant-value";
import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import { quoteTable, type TableName, tableId } from "./live-tables";
import type { Reader, Statement } from "./sql-statements";

/** The policy's name on every tenant table and partition. */
const policyName = "tenant_isolation";

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

/** Table or partition with its row level security, from the catalogs. */
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

/** Reasons why a table is not isolated as declared; empty if it is. */
export function gapsOf(found: FoundRowSecurity, tenancy: Tenancy): readonly string[] {
  const policy = found.policies.find(({ name }) => name === policyName);
  return [
    ...(found.enabled ? [] : [isOff]),
    ...(found.forced ? [] : [isNotForced]),
    ...(policy ? (isExpected(policy, tenancy) ? [] : [wasChanged]) : [isMissing]),
    ...wideningPolicies(found).map(widens),
  ];
}

/** Table with these gaps, for a preview without a server. */
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

/** PostgreSQL joins permissive policies by OR: any policy beside ours lets more rows through. */
function wideningPolicies({ policies }: FoundRowSecurity): readonly string[] {
  return policies.filter(({ name, permissive }) => permissive && name !== policyName).map(({ name }) => name);
}

/** Closes the gaps only. The policy comes before it is enforced, so rows stay reachable. */
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

/** Without a tenant's context the setting is missing or empty. Then no row matches, and no error occurs. */
function tenantCondition({ column, type }: Tenancy): string {
  return `${quoteIdentifier(column)} = nullif(current_setting('app.tenant_id', true), '')::${type}`;
}

/** In a tenant's own schema or database, its logins can't write in another tenant's name, whatever tenant they set. */
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
 * Normalizes an expression for comparison. PostgreSQL prints expressions with more parentheses, casts to text and
 * quotes than it was given, and differently by version. Without those, two texts are equal only if their expressions
 * are: every other word counts, and values stay as they are.
 */
function canonical(expression: string): string {
  return expression
    .replace(/('(?:[^']|'')*')|::text|[()\s"]/g, (_, value: string | undefined) => value ?? "")
    .replace(/nullif/i, "nullif");
}

/** SQL expression of a table's policies. */
export function policiesOf(oid: string): string {
  return `coalesce((SELECT json_agg(json_build_object('name', polname, 'using', pg_get_expr(polqual, polrelid),
           'check', pg_get_expr(polwithcheck, polrelid), 'permissive', polpermissive, 'command', polcmd,
           'everyone', polroles = '{0}') ORDER BY polname)
         FROM pg_policy WHERE polrelid = ${oid}), '[]')`;
}

/**
 * Reads the table and its partitions at every depth, partitions first, so that they are closed before the table
 * counts as isolated. Returns an empty list if the table does not exist.
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

/** State of a table before anything is done. */
export function openTable(name: TableName): FoundRowSecurity {
  return { schema: name.schema, table: name.table, enabled: false, forced: false, policies: [] };
}

/** Gaps by table, for the state. Empty if nothing is missing. */
export function collectGaps(
  found: readonly FoundRowSecurity[],
  tenancy: Tenancy,
): Readonly<Record<string, readonly string[]>> {
  const gaps = found.map((table) => [tableId(table), gapsOf(table, tenancy)] as const);
  return Object.fromEntries(gaps.filter(([, reasons]) => reasons.length > 0));
}
