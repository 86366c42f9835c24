import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { Client } from "pg";
import { openConnect } from "../../provider/connect/connect-client";
import { makeProject, type Outcome, type Project } from "./project";
import { skip } from "./servers";

/** The changed resources of a run or a preview, in the form `update PartitionSet tenantry.outbox`. */
function changes({ text }: Outcome): string[] {
  const found = text.matchAll(
    /^ *[~+-]+ tenantry:index:(\w+): \((create|update|delete|replace)\)\n +\[?(?:id=[^\n]*\n +\[)?urn=\S*::([^\]\n]+)\]/gm,
  );
  return [...found].map(([, noun, how, name]) => `${how} ${noun} ${name}`).sort();
}

function succeeded(outcome: Outcome): Outcome {
  assert.equal(outcome.code, 0, outcome.text);
  return outcome;
}

function refused(outcome: Outcome, ...messages: readonly RegExp[]): void {
  assert.notEqual(outcome.code, 0, outcome.text);
  for (const message of messages) assert.match(outcome.text, message);
  assert.doesNotMatch(outcome.text, /^ +at .*\(.*:\d+:\d+\)/m, "the output has no stack trace");
}

async function sql(project: Project, text: string): Promise<readonly Record<string, unknown>[]> {
  const { host, port, database, user, password } = project.endpoints.postgres;
  const client = new Client({ host, port, database, user, password });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function applied(t: TestContext): Promise<Project> {
  const project = await makeProject(t);
  succeeded(await project.tenantry("up", "-s", "it", "--yes", "--skip-preview"));
  return project;
}

const previewOf = (project: Project) => project.tenantry("preview", "-s", "it", "--diff");
const refreshOf = (project: Project) => project.tenantry("preview", "-s", "it", "--diff", "--refresh");

test("a stack through its life", { skip }, async (t) => {
  const project = await applied(t);
  const { application } = project;
  const yaml = `sql/${application}/architecture.yaml`;
  const first = `sql/${application}/020_tenants.sql`;

  await t.test("shows no changes in a second preview, with and without a refresh", async () => {
    assert.deepEqual(changes(succeeded(await previewOf(project))), []);
    assert.deepEqual(changes(succeeded(await refreshOf(project))), []);
  });

  await t.test("Pulumi's SDK sends its debug lines only with TENANTRY_DEBUG", async () => {
    const debugged = () => project.tenantry("preview", "-s", "it", "--debug");
    const said = /debug: RegisterResource RPC finished: resource:\S+\[tenantry:/;
    assert.doesNotMatch(succeeded(await debugged()).text, said);
    process.env.TENANTRY_DEBUG = "1";
    const all = await debugged().finally(() => delete process.env.TENANTRY_DEBUG);
    assert.match(succeeded(all).text, said);
  });

  await t.test("changes only the partition set for a longer retention, and shows the SQL in the preview", async () => {
    const before = project.read(yaml);
    project.write(yaml, before.replace("retention: 2 years", "retention: 3 years"));
    const outcome = succeeded(await previewOf(project));
    project.write(yaml, before);
    assert.deepEqual(changes(outcome), [`update PartitionSet ${application}.audit_log`]);
    assert.match(outcome.text, /retention: "2 years" => "3 years"/);
    assert.match(outcome.text, /UPDATE "partman"\.part_config/);
  });

  await t.test("creates only a migration, a placement and an isolation for a new table", async () => {
    const before = project.read(yaml);
    project.write(yaml, before.replace("  carts: {", "  wishes: { tenant: true }\n  carts: {"));
    project.write(
      `sql/${application}/100_wishes.sql`,
      "CREATE TABLE wishes (tenant_id uuid NOT NULL REFERENCES tenants, wish_id uuid NOT NULL, PRIMARY KEY (tenant_id, wish_id));\n",
    );
    assert.deepEqual(changes(succeeded(await previewOf(project))), [
      `create DistributedTable ${application}.wishes`,
      `create Migration ${application}/100_wishes`,
      `create TenantIsolation ${application}.wishes`,
    ]);
    succeeded(await project.tenantry("up", "-s", "it", "--yes", "--skip-preview"));
    assert.deepEqual(changes(succeeded(await refreshOf(project))), []);
  });

  await t.test("reports a policy that was dropped by hand in a refresh, and restores it in up", async () => {
    await sql(project, `DROP POLICY tenant_isolation ON ${application}.carts`);
    const outcome = succeeded(await refreshOf(project));
    assert.deepEqual(changes(outcome), [`update TenantIsolation ${application}.carts`]);
    assert.match(outcome.text, /the policy tenant_isolation is missing/);
    succeeded(await project.tenantry("up", "-s", "it", "--yes", "--skip-preview", "--refresh"));
    const policies = await sql(
      project,
      `SELECT policyname FROM pg_policies WHERE tablename = 'carts' AND schemaname = '${application}'`,
    );
    assert.deepEqual(policies, [{ policyname: "tenant_isolation" }]);
  });

  await t.test("reports a connector that was deleted by hand in a refresh, and restores it in up", async () => {
    const connect = openConnect(project.endpoints.connect);
    const name = `${application}-outbox-${project.endpoints.postgres.nodes[0]?.name.replaceAll("_", "-")}`;
    await connect.delete(name);
    assert.deepEqual(changes(succeeded(await refreshOf(project))), [`create Connector ${name}`]);
    succeeded(await project.tenantry("up", "-s", "it", "--yes", "--skip-preview", "--refresh"));
    assert.equal((await connect.status(name))?.connector, "RUNNING");
  });

  await t.test("rejects an edited file that was applied, with the file and the fix", async () => {
    const before = project.read(first);
    project.write(first, `${before}\n-- one more thought\n`);
    const outcome = await previewOf(project);
    project.write(first, before);
    refused(outcome, /020_tenants\.sql/, /fix:/);
  });

  await t.test("rejects a syntax error with its line and caret, before anything runs", async () => {
    const path = `sql/${application}/110_wrong.sql`;
    project.write(path, "SELECT 1;\nCREATE TABEL oops ();\n");
    const outcome = await project.tenantry("up", "-s", "it", "--yes", "--skip-preview");
    project.write(path, "SELECT 1;\n");
    refused(outcome, /110_wrong\.sql:2:8/, /CREATE TABEL oops/, /\^/);
  });

  await t.test(
    "rejects a shard count that would rewrite every row, without its opt-in",
    { skip: withoutCitus(project) },
    async () => {
      const stack = "stacks/Pulumi.it.yaml";
      const before = project.read(stack);
      project.write(stack, before.replace("shardCount: 4", "shardCount: 8"));
      const outcome = await previewOf(project);
      project.write(stack, before);
      refused(outcome, /rewrites every row/, /redistribute/);
    },
  );

  await t.test("writes no password into a state file or the output", async () => {
    const { postgres } = project.endpoints;
    const secrets = [postgres.password, ...Object.values(postgres.roles).map(({ password }) => password)];
    const state = project.read(".tenantry/state/.pulumi/stacks/tenantry/it.json");
    const shown = (await project.tenantry("preview", "-s", "it", "--diff", "--json")).text;
    for (const secret of secrets) {
      assert.ok(!state.includes(secret), "the state holds a password in plain text");
      assert.ok(!shown.includes(secret), "a preview shows a password");
    }
  });

  await t.test("removes slots and connectors in destroy, and keeps every row", async () => {
    await sql(project, `INSERT INTO ${application}.currencies VALUES ('XTS', 'for testing', 2)`);
    const [before] = await sql(project, `SELECT count(*) FROM ${application}.currencies`);
    succeeded(await project.tenantry("destroy", "-s", "it", "--yes", "--skip-preview"));
    assert.deepEqual((await sql(project, `SELECT count(*) FROM ${application}.currencies`))[0], before);
    assert.deepEqual(
      await sql(project, `SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE '${application}%'`),
      [],
    );
    const connect = openConnect(project.endpoints.connect);
    // Connect reports the old state for another moment.
    assert.equal(await connect.config(`${application}-outbox-coordinator`), undefined);
  });

  await t.test("takes over the kept tables in an up after destroy", async () => {
    succeeded(await project.tenantry("up", "-s", "it", "--yes", "--skip-preview"));
    assert.deepEqual(changes(succeeded(await refreshOf(project))), []);
  });
});

function withoutCitus({ endpoints }: Project): string | false {
  return endpoints.postgres.nodes.some(({ name }) => name !== "coordinator") ? false : "needs Citus";
}
