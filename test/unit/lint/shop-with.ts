import { parse } from "yaml";
import { loadSqlParser } from "../../../architecture/sql/sql-parser";
import { lint } from "../../../lint/lint";
import { lintConnectors, lintStack } from "../../../lint/lint-files";
import { lintResource, lintResourcesTogether } from "../../../lint/lint-resources";
import type { Linted } from "../../../lint/linted";
import type { Rule } from "../../../lint/rule";
import type { DeclaredResource, StackOfResources } from "../../../lint/stack-resources";
import { loadTypeScript } from "../../../lint/typescript/typescript";

/** A small application that a rule's examples change. */

const yaml = `tenant: { table: tenants }
citus: required
tables:
  countries: { reference: true }
  customers: { tenant: true }
  orders: { tenant: true, partition: { by: placed_at, every: 1 month } }
  order_items: { tenant: true, partition: { by: placed_at, every: 1 month } }
`;
const tables = `CREATE TABLE countries (code text PRIMARY KEY, name text);
CREATE TABLE tenants (tenant_id uuid PRIMARY KEY);
CREATE TABLE customers (tenant_id uuid, customer_id uuid, name text, country text, PRIMARY KEY (tenant_id, customer_id));
CREATE TABLE orders (tenant_id uuid, order_id uuid, placed_at timestamptz, customer_id uuid, total numeric,
  PRIMARY KEY (tenant_id, placed_at, order_id)) PARTITION BY RANGE (placed_at);
CREATE TABLE order_items (tenant_id uuid, order_id uuid, placed_at timestamptz, line bigint, product_id uuid,
  PRIMARY KEY (tenant_id, placed_at, order_id, line)) PARTITION BY RANGE (placed_at);
`;

export interface Example {
  /** Kind of the text: a SQL file after those of the tables, YAML of any kind, or code. @default "sql" */
  readonly in?: "sql" | "yaml" | "typescript";
  /** False if the application runs on plain PostgreSQL. @default true */
  readonly citus?: boolean;
}

/** Findings of the rule in the text, as `LINE MESSAGE`, and for resources as `TYPE NAME MESSAGE`. */
export async function found(rule: Rule, text: string, example: Example = {}): Promise<string[]> {
  return (await findings(rule, text, example)).map(({ at, what }) => `${at.line ?? at.file} ${what}`);
}

/** Fixes that the rule suggests. */
export async function fixes(rule: Rule, text: string, example: Example = {}): Promise<string[]> {
  return (await findings(rule, text, example)).map(({ fix }) => fix);
}

const changedFiles = { sql: "sql/shop/020_change.sql", yaml: "sql/shop/architecture.yaml", typescript: "src/shop.ts" };

export async function findings(
  rule: Rule,
  text: string,
  { in: kind = "sql", citus = true }: Example,
): Promise<readonly Linted[]> {
  await Promise.all([loadSqlParser(), loadTypeScript()]);
  if (kind === "yaml" && !text.includes("tenant:")) return inYaml(rule, text);
  const changed = changedFiles[kind];
  const source = { path: changed, text };
  const input = {
    name: "shop",
    yaml: kind === "yaml" ? source : { path: changedFiles.yaml, text: citus ? yaml : yaml.replace("required", "auto") },
    sql: [{ path: "sql/shop/010_tables.sql", text: tables }, ...(kind === "sql" ? [source] : [])],
    code: kind === "typescript" ? [source] : [],
  };
  const all = lint(input, [rule]).filter(({ rule }) => rule !== "allow-comment");
  return all.filter(({ at }) => at.file === changed);
}

/** A connector, the stack `prod`, or the resources that its program declares. */
function inYaml(rule: Rule, text: string) {
  if (text.includes("resources:")) {
    const { resources = [], ...given } = parse(text) as Partial<StackOfResources> & { resources?: DeclaredResource[] };
    const stack: StackOfResources = { stack: "prod", consistency: "bounded", ...given };
    const declared = resources.map((each) => ({ ...each, protect: each.protect ?? false }));
    return [
      ...declared.flatMap((each) => lintResource(each, stack, [rule])),
      ...lintResourcesTogether(declared, [rule]),
    ];
  }
  if (text.includes("tenantry:")) return lintStack({ path: "stacks/Pulumi.prod.yaml", text }, ["shop.signed"], [rule]);
  return lintConnectors({ path: "connectors/shop.yaml", text }, [rule]);
}
