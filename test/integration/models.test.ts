import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { Client } from "pg";
import { parse, stringify } from "yaml";
import type { Login } from "../../architecture/endpoints";
import type { Model, Tenant } from "../../architecture/tenancy/tenants";
import { makeProject, type Outcome, type Project } from "./project";
import { freshDatabase, skip } from "./servers";

const acme: Tenant = { name: "acme", id: "5e5b2c1a-0000-4000-8000-00000000acce" };
const globex: Tenant = { name: "globex", id: "5e5b2c1a-0000-4000-8000-00000000610b" };
const initech: Tenant = { name: "initech", id: "5e5b2c1a-0000-4000-8000-0000000001e7" };

function succeeded(outcome: Outcome): Outcome {
  assert.equal(outcome.code, 0, outcome.text);
  return outcome;
}

const up = async (project: Project, ...more: string[]) =>
  succeeded(await project.tenantry("up", "-s", "it", "--yes", "--skip-preview", ...more));

/** The resources that a preview would touch. */
async function changes(project: Project): Promise<string[]> {
  const { text } = succeeded(await project.tenantry("preview", "-s", "it", "--diff", "--refresh"));
  return [...text.matchAll(/^ *[~+-]+ (tenantry:index:\w+): \((create|update|delete|replace)\)/gm)].map(
    ([, type, how]) => `${how} ${type}`,
  );
}

interface Finding {
  readonly check: string;
  readonly subject: string;
  readonly outcome: string;
  readonly seen: string;
}

async function verified(project: Project): Promise<readonly Finding[]> {
  const { text } = await project.tenantry("verify", "-s", "it", "--json", "--timeout", "60");
  const { findings } = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as {
    findings: readonly Finding[];
  };
  // pg_partman's worker looks after the servers' own database, not after a test's.
  const wrong = findings.filter(({ outcome, subject }) => outcome === "fail" && subject !== "maintenance");
  assert.deepEqual(wrong, []);
  return findings;
}

function seen(findings: readonly Finding[], check: string): string[] {
  return findings.filter((finding) => finding.check === check).map(({ subject }) => subject);
}

/** As this login; in a silo, in the tenant's database. */
async function asLogin<T>(
  project: Project,
  { user, password }: Login,
  work: (client: Client) => Promise<T>,
  database?: string,
) {
  const { host, port, database: main } = project.endpoints.postgres;
  const client = new Client({ host, port, database: database ?? main, user, password });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function loginOf({ endpoints }: Project, key: string): Login {
  const login = endpoints.postgres.roles[key];
  assert.ok(login, `no login ${key}`);
  return login;
}

const inOneTransaction = (tenant: Tenant, table: string) => async (client: Client) => {
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

/** Writes the stack's list, and what it allows. */
function setTenants(project: Project, tenants: readonly Tenant[], allow: readonly string[] = []): void {
  const stack = "stacks/Pulumi.it.yaml";
  const file = parse(project.read(stack)) as { config: Record<string, unknown> };
  const config = { ...file.config, "tenantry:tenants": tenants, "tenantry:allow": allow };
  project.write(stack, stringify({ ...file, config }));
}

async function applied(t: TestContext, model: Model, tenants: readonly Tenant[]): Promise<Project> {
  const names = tenants.map(({ name }) => name);
  const settings = { "tenantry:tenancy": model, "tenantry:tenants": tenants };
  const project = await makeProject(t, settings, (application) =>
    freshDatabase(application, undefined, { model, tenants: names }),
  );
  setTenants(project, tenants.slice(0, 2));
  await up(project);
  return project;
}

test("tenants with a schema each", { skip }, async (t) => {
  const project = await applied(t, "schema", [acme, globex, initech]);
  const { application } = project;

  await t.test("verify passes for every tenant, and tries each one's roles at another's schema", async () => {
    const findings = await verified(project);
    for (const { name } of [acme, globex]) {
      assert.ok(seen(findings, "isolation").includes(`${application}_${name}.orders`));
      assert.ok(seen(findings, "isolation").includes(`${application}_${name}.outbox`));
      assert.ok(seen(findings, "borders").includes(`${application}_${name}_app`));
    }
    assert.equal(seen(findings, "events").length, 6, "three topics of two tenants");
  });

  await t.test("a second up has nothing to do", async () => assert.deepEqual(await changes(project), []));

  await t.test("names without a schema mean the tenant's own, and shared tables are one", async () => {
    const rows = await asLogin(project, loginOf(project, "acme/app"), inOneTransaction(acme, "tenants"));
    assert.deepEqual(rows, [{ name: "acme" }]);
    const { postgres } = project.endpoints;
    const counted = await asLogin(project, postgres, (client) =>
      client.query<{ acme: string; globex: string; shared: string }>(
        `SELECT (SELECT count(*) FROM ${application}_acme.tenants) AS acme, (SELECT count(*) FROM ${application}_globex.tenants) AS globex,
           (SELECT count(*) FROM pg_tables WHERE tablename = 'currencies' AND schemaname LIKE '${application}%') AS shared`,
      ),
    );
    assert.deepEqual(counted.rows, [{ acme: "1", globex: "0", shared: "1" }]);
  });

  await t.test("a new tenant is a line of the list, and disturbs nobody", async () => {
    setTenants(project, [acme, globex, initech]);
    const made = await changes(project);
    assert.deepEqual([...new Set(made)].sort(), [
      ...[
        "DistributedTable",
        "Migration",
        "Outbox",
        "PartitionSet",
        "ProcessedEvents",
        "TenantIsolation",
        "TenantSchema",
      ].map((noun) => `create tenantry:index:${noun}`),
      "update tenantry:index:Migration",
      "update tenantry:index:ReferenceTable",
    ]);
    await up(project);
    assert.deepEqual(await changes(project), []);
    assert.ok(seen(await verified(project), "events").length === 9);
  });

  await t.test("a tenant that leaves the list keeps its rows, and its roles lose them", async () => {
    setTenants(project, [globex, initech]);
    await up(project);
    const { postgres } = project.endpoints;
    const kept = await asLogin(project, postgres, (client) => client.query(`SELECT FROM ${application}_acme.tenants`));
    assert.equal(kept.rowCount, 1);
    await assert.rejects(
      asLogin(project, loginOf(project, "acme/app"), (client) => client.query("SELECT FROM tenants")),
      /permission denied/,
    );
    await verified(project);
  });

  await t.test("the schema of a tenant is dropped with its opt-in, and can be made anew", async () => {
    setTenants(project, [initech], [`drop ${application}_globex`]);
    await up(project);
    const { postgres } = project.endpoints;
    const gone = await asLogin(project, postgres, (client) =>
      client.query("SELECT FROM pg_namespace WHERE nspname = $1", [`${application}_globex`]),
    );
    assert.equal(gone.rowCount, 0);
    setTenants(project, [globex, initech]);
    await up(project);
    assert.deepEqual(await changes(project), []);
    await verified(project);
  });
});

test("tenants with a database each", { skip }, async (t) => {
  const project = await applied(t, "silo", [acme, globex]);
  const { application, endpoints } = project;
  const databaseOf = ({ name }: Tenant) => `${endpoints.postgres.database}_${name}`;

  await t.test("verify passes in every database, and no role gets into another's", async () => {
    const findings = await verified(project);
    assert.deepEqual(seen(findings, "borders"), [
      ...["app", "agent"].map((role) => `${application}_acme_${role}`),
      ...["app", "agent"].map((role) => `${application}_globex_${role}`),
    ]);
    for (const { name } of [acme, globex]) {
      assert.ok(seen(findings, "replication").some((subject) => subject.startsWith(`${application}_${name}_outbox_`)));
    }
    assert.equal(seen(findings, "events").length, 6, "three topics from two databases");
  });

  await t.test("a second up has nothing to do", async () => assert.deepEqual(await changes(project), []));

  await t.test("a tenant's login works in its own database, and is refused by the other", async () => {
    const login = loginOf(project, "acme/app");
    const table = `${application}.tenants`;
    assert.deepEqual(await asLogin(project, login, inOneTransaction(acme, table), databaseOf(acme)), [
      { name: "acme" },
    ]);
    await assert.rejects(
      asLogin(project, login, (client) => client.query("SELECT 1"), databaseOf(globex)),
      /permission denied for database/,
    );
    await assert.rejects(
      asLogin(project, login, inOneTransaction(globex, table), databaseOf(acme)),
      /row-level security policy/,
    );
  });

  await t.test("a tenant that leaves the list keeps its database, without slot and connector", async () => {
    setTenants(project, [globex]);
    await up(project);
    const left = await asLogin(
      project,
      endpoints.postgres,
      async (client) => ({
        rows: (await client.query(`SELECT FROM ${application}.tenants`)).rowCount,
        slots: (await client.query("SELECT FROM pg_replication_slots WHERE database = current_database()")).rowCount,
      }),
      databaseOf(acme),
    );
    assert.deepEqual(left, { rows: 1, slots: 0 });
    await verified(project);
  });
});
