import { loadSqlParser } from "../../../../architecture/sql/sql-parser";
import { lint } from "../../../../lint/lint";
import { loadTypeScript } from "../../../../lint/typescript/typescript";

const yaml = {
  path: "sql/shop/architecture.yaml",
  text: `tenant: { table: tenants }
tables:
  countries: { reference: true }
  customers: { tenant: true }
  carts: { tenant: true }
  orders: { tenant: true, partition: { by: placed_at, every: 1 month } }
`,
};
const tables = {
  path: "sql/shop/010_tables.sql",
  text: `CREATE TABLE countries (code text PRIMARY KEY, name text);
CREATE TABLE tenants (tenant_id uuid PRIMARY KEY);
CREATE TABLE customers (tenant_id uuid, customer_id uuid, name text, spent numeric, PRIMARY KEY (tenant_id, customer_id));
CREATE TABLE carts (tenant_id uuid, cart_id uuid, status text, PRIMARY KEY (tenant_id, cart_id));
CREATE TABLE orders (tenant_id uuid, order_id uuid, placed_at timestamptz, customer_id uuid, total numeric,
  PRIMARY KEY (tenant_id, placed_at, order_id)) PARTITION BY RANGE (placed_at);`,
};

/** Findings of all rules in the shop's code, as `LINE RULE`, with the file in front if there are several. */
export async function foundIn(code: string | Readonly<Record<string, string>>): Promise<string[]> {
  await Promise.all([loadSqlParser(), loadTypeScript()]);
  const files = typeof code === "string" ? { "src/shop.ts": code } : code;
  const sources = Object.entries(files).map(([path, text]) => ({ path, text }));
  const found = lint({
    name: "shop",
    yaml,
    sql: [tables],
    code: sources,
    wanted: new Set(sources.map(({ path }) => path)),
  });
  return found.map(({ at, rule }) => `${sources.length > 1 ? `${at.file}:` : ""}${at.line} ${rule}`);
}
