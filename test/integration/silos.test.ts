import assert from "node:assert/strict";
import test from "node:test";
import { Client } from "pg";
import { parse, stringify } from "yaml";
import type { Login, PostgresEndpoint } from "../../architecture/endpoints";
import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import { dropDatabase } from "../../local/servers/database-removal";
import { withSession } from "../../local/servers/sql-session";
import { setMaintenance } from "../../provider/partitions/partman-worker";
import { tenantDatabase } from "../../provider/resources/tenant-database";
import { startDatabaseFixture } from "./database-fixture";
import type { Project } from "./project";
import { skip as noServers, servers } from "./servers";
import { acme, asLogin, changes, globex, loginOf, succeeded, tenantedProject, up, verified } from "./tenanted-stack";

const settings = { "tenantry:tenancy": "silo", "tenantry:tenants": [acme, globex] };

/** The reason to skip a test that needs several nodes, or false. */
function alone(): string | false {
  if (noServers) return noServers;
  return servers().postgres.nodes.length > 1 ? false : "needs Citus with several nodes";
}

/** Creates a role or replaces its password on every node; the passwords between nodes stay. */
async function setPassword({ endpoints }: Project, how: "CREATE" | "ALTER", { user, password }: Login): Promise<void> {
  await withSession(endpoints.postgres, endpoints.postgres.database, (client) =>
    client.query(
      `${how} ROLE ${quoteIdentifier(user)} ${how === "CREATE" ? "SUPERUSER LOGIN " : ""}PASSWORD ${quoteLiteral(password)}`,
    ),
  );
}

function editEndpoints(project: Project, edit: (postgres: PostgresEndpoint) => PostgresEndpoint): void {
  const file = parse(project.read("endpoints.yaml")) as { postgres: PostgresEndpoint };
  project.write("endpoints.yaml", stringify({ ...file, postgres: edit(file.postgres) }));
}

test("the passwords between the nodes of a silo", { skip: alone() }, async (t) => {
  const project = await tenantedProject(t, "silo", [acme, globex], settings);
  const { application, endpoints } = project;
  const database = `${endpoints.postgres.database}_acme`;
  const nodes = [{ ...endpoints.postgres, name: "coordinator" }, ...endpoints.postgres.nodes];
  const first: Login = { user: `${application}_admin`, password: "it's 1st" };
  await setPassword(project, "CREATE", first);
  editEndpoints(project, (postgres) => ({ ...postgres, ...first }));
  await up(project);

  /** Reads, from every node, rows of the shards on all nodes. */
  const askEachNode = async ({ user, password }: Login) => {
    for (const { host, port } of nodes) {
      const client = new Client({ host, port, database, user, password });
      await client.connect();
      await client.query(`SELECT count(*) FROM ${application}.orders`).finally(() => client.end());
    }
  };
  const logins = [
    { ...first, password: "it's \\ 2nd" },
    { ...loginOf(project, "acme/app"), password: "it's \\ new" },
  ] as const;
  const [admin, app] = logins;
  const hidden = (text: string) => {
    for (const { password } of [first, ...logins]) assert.ok(!text.includes(password), "a password is shown");
    assert.doesNotMatch(text, /SCRAM-SHA-256/);
  };
  const state = () => project.read(".tenantry/state/.pulumi/stacks/tenantry/it.json");

  await t.test("stay as they are while nothing changes", async () => {
    await askEachNode(first);
    await askEachNode(loginOf(project, "acme/app"));
    assert.deepEqual(await changes(project), []);
  });

  await t.test("fail after a role gets another password", async () => {
    for (const login of logins) await setPassword(project, "ALTER", login);
    editEndpoints(project, (postgres) => ({ ...postgres, ...admin, roles: { ...postgres.roles, "acme/app": app } }));
    await assert.rejects(askEachNode(admin), /password authentication failed/);
    await assert.rejects(askEachNode(app), /password authentication failed/);
  });

  await t.test("are announced in the preview, but not shown", async () => {
    const { text } = succeeded(await project.tenantry("preview", "-s", "it", "--diff"));
    assert.match(text, /-- with several nodes, on each, the passwords by which roles go from one to another/);
    assert.match(text, /\$1, \$2/);
    assert.doesNotMatch(text, /CREATE DATABASE/);
    hidden(text);
  });

  await t.test("are written to every node of every silo by the next up, but not to output or state", async () => {
    hidden(succeeded(await project.tenantry("up", "-s", "it", "--yes")).text);
    hidden(state());
    assert.match(state(), /"logins"/);
    await askEachNode(admin);
    await askEachNode(app);
    assert.deepEqual(await changes(project), []);
    await verified(project);
  });

  await t.test("are found and corrected on a node where they were changed by hand", async () => {
    const [worker] = endpoints.postgres.nodes;
    assert.ok(worker);
    const server = { ...endpoints.postgres, ...worker };
    await withSession(server, database, (client) =>
      client.query("UPDATE pg_dist_authinfo SET authinfo = 'password=old' WHERE rolename = $1", [app.user]),
    );
    const { text } = succeeded(await project.tenantry("preview", "-s", "it", "--diff", "--refresh"));
    assert.match(text, new RegExp(`outdated[^]*"${app.user} on ${worker.name}"`));
    assert.doesNotMatch(text, /CREATE DATABASE/);
    hidden(text);
    succeeded(await project.tenantry("up", "-s", "it", "--yes", "--skip-preview", "--refresh"));
    await askEachNode(app);
    assert.deepEqual(await changes(project), []);
  });
});

test("a silo whose database was dropped by hand", { skip: noServers }, async (t) => {
  const project = await tenantedProject(t, "silo", [acme, globex], settings);
  const { application, endpoints } = project;
  const { postgres } = endpoints;
  const database = `${postgres.database}_acme`;
  await up(project);
  // The silo's events are sent, so Connect stores a position that becomes invalid with the database.
  await verified(project);
  const workers = postgres.nodes.filter(({ port }) => port !== postgres.port);
  await dropDatabase(postgres, workers, database);

  await t.test("is reported as deleted with its content, without effect on other silos", async () => {
    const { text } = succeeded(await project.tenantry("refresh", "-s", "it", "--yes", "--diff"));
    assert.match(text, /- \d+ deleted/);
  });

  await t.test("is created again, empty, by the next up", async () => {
    await up(project);
    assert.deepEqual(await changes(project), []);
    await asLogin(
      project,
      postgres,
      async (client) => {
        assert.equal((await client.query(`SELECT FROM ${application}.tenants`)).rowCount, 0);
      },
      database,
    );
    await verified(project);
  });
});

test("does not create a silo's database again on single nodes where it was dropped", { skip: alone() }, async (t) => {
  const fixture = await startDatabaseFixture(t);
  const { endpoint } = fixture;
  const inputs = { database: `${endpoint.database}_acme`, tenant: "acme", nodes: endpoint.nodes };
  const [worker, other] = endpoint.nodes;
  assert.ok(worker && other);
  const dropOn = ({ port }: { readonly port: number }) => dropDatabase({ ...endpoint, port }, [], inputs.database);
  t.after(async () => {
    await withSession(endpoint, "postgres", (client) => setMaintenance(client, inputs.database, false));
    for (const node of [endpoint, worker, other]) await dropOn(node);
  });
  const { id, state } = await tenantDatabase.create(fixture, inputs);
  const update = () => tenantDatabase.update(fixture, id, state, inputs);

  await dropOn(worker);
  await assert.rejects(update(), /was dropped on some nodes.*none on worker_1.*restore it there/s);
  await dropOn(endpoint);
  await assert.rejects(update(), /was dropped on some nodes.*none on coordinator.*DROP DATABASE/s);
  await dropOn(other);
  assert.equal(await tenantDatabase.read(fixture, id, state), undefined);
  assert.deepEqual((await tenantDatabase.create(fixture, inputs)).state.missing, []);
});
