import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { Model, Tenant } from "../../architecture/tenancy/tenants";
import { finds, withSession } from "../../local/servers/sql-session";
import type { Project } from "./project";
import { skip } from "./servers";
import {
  acme,
  asLogin,
  changes,
  configure,
  globex,
  initech,
  inOneTransaction,
  loginOf,
  seen,
  tenantedProject,
  up,
  verified,
} from "./tenanted-stack";

function setTenants(project: Project, tenants: readonly Tenant[], allow: readonly string[] = []): void {
  configure(project, { "tenantry:tenants": tenants, "tenantry:allow": allow });
}

/** An applied project with the first two of these tenants. */
async function applied(t: TestContext, model: Model, tenants: readonly Tenant[]): Promise<Project> {
  const project = await tenantedProject(t, model, tenants, { "tenantry:tenancy": model });
  setTenants(project, tenants.slice(0, 2));
  await up(project);
  return project;
}

/** The ports of the servers that have the database, the coordinator's first. */
async function nodesWith({ endpoints: { postgres } }: Project, database: string): Promise<number[]> {
  const ports = [...new Set([postgres.port, ...postgres.nodes.map(({ port }) => port)])];
  const found = await Promise.all(
    ports.map((port) =>
      withSession({ ...postgres, port }, "postgres", (client) =>
        finds(client, "SELECT FROM pg_database WHERE datname = $1", [database]),
      ),
    ),
  );
  return ports.filter((_, index) => found[index]);
}

test("tenants with their own schemas", { skip }, async (t) => {
  const project = await applied(t, "schema", [acme, globex, initech]);
  const { application } = project;

  await t.test(
    "passes verify for every tenant, which tries each tenant's roles on another tenant's schema",
    async () => {
      const findings = await verified(project);
      for (const { name } of [acme, globex]) {
        assert.ok(seen(findings, "isolation").includes(`${application}_${name}.orders`));
        assert.ok(seen(findings, "isolation").includes(`${application}_${name}.outbox`));
        assert.ok(seen(findings, "tenant boundaries").includes(`${application}_${name}_app`));
      }
      assert.equal(seen(findings, "events").length, 8, "four topics of two tenants");
      // Without Citus the schema's placement can't be checked.
      const shared = [application, `${application}.currencies`];
      assert.ok(seen(findings, "placement").some((subject) => shared.includes(subject)));
      assert.ok(seen(findings, "foreign keys").includes(application));
    },
  );

  await t.test("a second up has nothing to do", async () => assert.deepEqual(await changes(project), []));

  await t.test("resolves unqualified names in the tenant's own schema, and creates shared tables once", async () => {
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

  await t.test("adds a tenant for a new line in the list, without disturbing the others", async () => {
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
      "update tenantry:index:RoleBoundary",
    ]);
    await up(project);
    assert.deepEqual(await changes(project), []);
    assert.ok(seen(await verified(project), "events").length === 12);
  });

  await t.test("keeps the rows of a tenant that leaves the list, and revokes its roles' access to them", async () => {
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

  await t.test("drops the schema of a tenant with the opt-in, and can create it again", async () => {
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

test("tenants with their own databases", { skip }, async (t) => {
  const project = await applied(t, "silo", [acme, globex]);
  const { application, endpoints } = project;
  const databaseOf = ({ name }: Tenant) => `${endpoints.postgres.database}_${name}`;

  await t.test("passes verify in every database, and no role can connect to another tenant's database", async () => {
    const findings = await verified(project);
    assert.deepEqual(seen(findings, "tenant boundaries"), [
      ...["app", "agent"].map((role) => `${application}_acme_${role}`),
      ...["app", "agent"].map((role) => `${application}_globex_${role}`),
    ]);
    for (const { name } of [acme, globex]) {
      assert.ok(seen(findings, "replication").some((subject) => subject.startsWith(`${application}_${name}_outbox_`)));
    }
    assert.equal(seen(findings, "events").length, 8, "four topics from two databases");
  });

  await t.test("a second up has nothing to do", async () => assert.deepEqual(await changes(project), []));

  await t.test("lets a tenant's login into its own database only", async () => {
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

  await t.test("keeps the database of a tenant that leaves the list, without slot and connector", async () => {
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

  await t.test("restores a tenant that returns, with its rows", async () => {
    setTenants(project, [acme, globex]);
    await up(project);
    const rows = `SELECT FROM ${application}.tenants`;
    const { rowCount } = await asLogin(project, endpoints.postgres, (client) => client.query(rows), databaseOf(acme));
    assert.equal(rowCount, 1);
    await verified(project);
  });

  await t.test("drops the database of a tenant with the opt-in on every node, and can create it again", async () => {
    const nodes = await nodesWith(project, databaseOf(globex));
    setTenants(project, [acme], [`drop ${databaseOf(globex)}`]);
    const { text } = await project.tenantry("preview", "-s", "it", "--diff");
    assert.match(text, /tenantry:index:TenantDatabase: \(delete\)/);
    await up(project);
    assert.deepEqual(await nodesWith(project, databaseOf(globex)), []);
    setTenants(project, [acme, globex]);
    await up(project);
    assert.deepEqual(await nodesWith(project, databaseOf(globex)), nodes);
    assert.deepEqual(await changes(project), []);
    await verified(project);
  });
});
