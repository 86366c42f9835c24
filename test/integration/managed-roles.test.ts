import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import test, { type TestContext } from "node:test";
import { Client } from "pg";
import { parse, stringify } from "yaml";
import type { Login } from "../../architecture/endpoints";
import { findProgram } from "../../pulumi-cli/pulumi-programs";
import { makeProject, type Outcome, type Project } from "./project";
import { skip as noServers, plannedDatabase, servers } from "./servers";

const plugin = "pulumi-resource-postgresql";
const settings = { "tenantry:postgres": { manageRoles: true, manageDatabase: true } };

/** The reason why the plugin or the servers don't allow this test, or false. */
function whyNot(): string | false {
  if (noServers) return noServers;
  const isCitus = servers().postgres.nodes.some(({ name }) => name !== "coordinator");
  if (isCitus) return "a database is made on plain PostgreSQL alone, and this is Citus";
  return findProgram(plugin, (process.env.PATH ?? "").split(delimiter)) ? false : `needs ${plugin} on PATH`;
}

function succeeded(outcome: Outcome): string {
  assert.equal(outcome.code, 0, outcome.text);
  return outcome.text;
}

async function ask(project: Project, as: Partial<Login> & { database?: string }, sql: string) {
  const { host, port, database, user, password } = { ...project.endpoints.postgres, ...as };
  const client = new Client({ host, port, database, user, password });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const state = (project: Project) =>
  readFileSync(join(project.folder, ".tenantry/state/.pulumi/stacks/tenantry/it.json"), "utf8");

test("manages a stack's database and roles from the first up to destroy", {
  skip: whyNot(),
}, async (t: TestContext) => {
  const project = await makeProject(t, settings, plannedDatabase);
  const { application, endpoints } = project;
  const app = endpoints.postgres.roles.app as Login;
  const first = await project.tenantry("up", "-s", "it", "--yes", "--skip-preview");

  await t.test("creates everything on an empty server in one `up`", () => {
    succeeded(first);
  });

  await t.test("lets the roles log in; they own nothing and have only the privileges that they need", async () => {
    assert.deepEqual(await ask(project, app, "SELECT current_user AS me"), [{ me: app.user }]);
    const rows = await ask(
      project,
      {},
      `SELECT rolname, rolreplication, rolcanlogin,
         rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls AS powerful
       FROM pg_roles WHERE starts_with(rolname, '${application}_') ORDER BY 1`,
    );
    const role = (name: string, replication: boolean) => ({
      rolname: `${application}_${name}`,
      rolreplication: replication,
      rolcanlogin: true,
      powerful: false,
    });
    assert.deepEqual(rows, [role("agent", false), role("app", false), role("cdc", true)]);
  });

  await t.test("lets no other role connect to the database", async () => {
    await ask(project, {}, `CREATE ROLE ${application}x LOGIN PASSWORD 'x'`);
    const stranger = { user: `${application}x`, password: "x" };
    await assert
      .rejects(ask(project, stranger, "SELECT 1"), /permission denied for database/)
      .finally(() => ask(project, {}, `DROP ROLE ${application}x`));
  });

  await t.test("stores no password in the state, not even encrypted", () => {
    const text = state(project);
    for (const { password } of Object.values(endpoints.postgres.roles)) assert.ok(!text.includes(password));
    assert.ok(!text.includes("SCRAM-SHA-256"));
  });

  await t.test("shows no changes in a second preview, with and without a refresh", async () => {
    for (const more of [[], ["--refresh"]]) {
      const text = succeeded(await project.tenantry("preview", "-s", "it", "--expect-no-changes", ...more));
      assert.match(text, /unchanged/);
    }
  });

  await t.test("reports and corrects a password that was changed by hand", async () => {
    await ask(project, {}, `ALTER ROLE ${app.user} PASSWORD 'another'`);
    assert.match(succeeded(await project.tenantry("preview", "-s", "it", "--refresh", "--diff")), /~ password/);
    succeeded(await project.tenantry("up", "-s", "it", "--yes", "--skip-preview", "--refresh"));
    assert.deepEqual(await ask(project, app, "SELECT 1 AS one"), [{ one: 1 }]);
  });

  await t.test("changes only one role for another password in the endpoints, and hides the password", async () => {
    const path = join(project.folder, "endpoints.yaml");
    const changed = parse(readFileSync(path, "utf8"));
    changed.postgres.roles.agent.password = "quite-another";
    writeFileSync(path, stringify(changed));
    const text = succeeded(await project.tenantry("up", "-s", "it", "--yes"));
    assert.doesNotMatch(text, /quite-another|SCRAM-SHA/);
    const agent = { user: `${application}_agent`, password: "quite-another" };
    assert.deepEqual(await ask(project, agent, "SELECT 1 AS one"), [{ one: 1 }]);
  });

  await t.test("keeps the database and drops the roles in destroy", async () => {
    succeeded(await project.tenantry("destroy", "-s", "it", "--yes"));
    const left = `SELECT count(*)::int AS n FROM pg_roles WHERE starts_with(rolname, '${application}_')`;
    assert.deepEqual(await ask(project, {}, left), [{ n: 0 }]);
  });
});

test("rejects a stack whose plugin is missing before anything runs, without a stack trace", {
  skip: noServers,
}, async (t) => {
  const project = await makeProject(t, settings, plannedDatabase);
  const { PATH } = process.env;
  const without = (PATH ?? "").split(":").filter((directory) => findProgram(plugin, [directory]) === undefined);
  process.env.PATH = without.join(":");
  process.env.PULUMI_HOME = join(project.folder, "pulumi-home");
  const { code, text } = await project.tenantry("preview", "-s", "it").finally(() => {
    process.env.PATH = PATH;
    delete process.env.PULUMI_HOME;
  });
  assert.equal(code, 1);
  assert.match(
    text,
    /plugin postgresql is missing, and could not be downloaded[\s\S]*pulumi plugin install resource postgresql/,
  );
  assert.doesNotMatch(text, /^ +at .*\(.*:\d+:\d+\)/m);
});
