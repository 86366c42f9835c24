import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { Client } from "pg";
import { parse, stringify } from "yaml";
import type { Login } from "../../architecture/endpoints";
import type { Model, Tenant } from "../../architecture/tenancy/tenants";
import { withSession } from "../../local/servers/sql-session";
import { setMaintenance } from "../../provider/partitions/partman-worker";
import { makeProject, type Outcome, type Project } from "./project";
import { freshDatabase, servers } from "./servers";

/** Stacks whose tenants have a schema or a database each, and helpers that check them. */

export const acme: Tenant = { name: "acme", id: "5e5b2c1a-0000-4000-8000-00000000acce" };
export const globex: Tenant = { name: "globex", id: "5e5b2c1a-0000-4000-8000-00000000610b" };
export const initech: Tenant = { name: "initech", id: "5e5b2c1a-0000-4000-8000-0000000001e7" };

export interface Finding {
  readonly check: string;
  readonly subject: string;
  readonly outcome: string;
  readonly seen: string;
}

/** A project with the roles of these tenants that is not applied yet. */
export function tenantedProject(
  t: TestContext,
  model: Model,
  tenants: readonly Tenant[],
  settings: Readonly<Record<string, unknown>>,
): Promise<Project> {
  const names = tenants.map(({ name }) => name);
  return makeProject(t, settings, async (application) => {
    const fresh = await freshDatabase(application, undefined, { model, tenants: names });
    // A platform lists its database for pg_partman's worker; the provider lists a silo's when it creates it.
    await withSession(servers().postgres, "postgres", (client) => setMaintenance(client, fresh.database, true));
    return fresh;
  });
}

/** Changes settings of the stack. */
export function configure(project: Project, settings: Readonly<Record<string, unknown>>): void {
  const stack = "stacks/Pulumi.it.yaml";
  const file = parse(project.read(stack)) as { config: Record<string, unknown> };
  project.write(stack, stringify({ ...file, config: { ...file.config, ...settings } }));
}

export function succeeded(outcome: Outcome): Outcome {
  assert.equal(outcome.code, 0, outcome.text);
  return outcome;
}

export async function up(project: Project): Promise<void> {
  succeeded(await project.tenantry("up", "-s", "it", "--yes", "--skip-preview"));
}

/** The changes in a preview with a refresh. */
export async function changes(project: Project): Promise<string[]> {
  const { text } = succeeded(await project.tenantry("preview", "-s", "it", "--diff", "--refresh"));
  return [...text.matchAll(/^ *[~+-]+ (tenantry:index:\w+): \((create|update|delete|replace)\)/gm)].map(
    ([, type, how]) => `${how} ${type}`,
  );
}

/** The findings of verify, none of which is a failure. */
export async function verified(project: Project): Promise<readonly Finding[]> {
  const { text } = await project.tenantry("verify", "-s", "it", "--json", "--timeout", "60");
  const { findings } = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as {
    findings: readonly Finding[];
  };
  assert.deepEqual(
    findings.filter(({ outcome }) => outcome === "fail"),
    [],
  );
  assert.ok(findings.some(({ outcome }) => outcome === "pass"));
  return findings;
}

export function seen(findings: readonly Finding[], check: string): string[] {
  return findings.filter((finding) => finding.check === check).map(({ subject }) => subject);
}

/** Runs work with this login, by default in the stack's main database. */
export async function asLogin<T>(
  { endpoints }: Project,
  { user, password }: Login,
  work: (client: Client) => Promise<T>,
  database = endpoints.postgres.database,
): Promise<T> {
  const { host, port } = endpoints.postgres;
  const client = new Client({ host, port, database, user, password });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The login with this name in the endpoints, such as `acme/app`. */
export function loginOf({ endpoints }: Project, key: string): Login {
  return endpoints.postgres.roles[key] ?? assert.fail(`no login ${key}`);
}

/** Writes a row of the tenant and an event, and reads the rows that its login sees. */
export const inOneTransaction = (tenant: Tenant, table: string) => async (client: Client) => {
  await client.query("BEGIN");
  await client.query("SELECT tenantry.set_tenant($1)", [tenant.id]);
  await client.query(`INSERT INTO ${table} (tenant_id, name, country, currency) VALUES ($1, $2, 'DE', 'EUR')`, [
    tenant.id,
    tenant.name,
  ]);
  await client.query(`SELECT tenantry.emit($1, 'customer', 'one', 'Signed', '{"amount": 12.50}')`, [tenant.id]);
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${table}`);
  await client.query("COMMIT");
  return rows;
};
