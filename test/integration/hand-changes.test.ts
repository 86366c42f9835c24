import assert from "node:assert/strict";
import test from "node:test";
import { Client } from "pg";
import { makeProject, type Outcome, type Project } from "./project";
import { skip } from "./servers";

function succeeded(outcome: Outcome): Outcome {
  assert.equal(outcome.code, 0, outcome.text);
  return outcome;
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

const up = (project: Project) => project.tenantry("up", "-s", "it", "--yes", "--skip-preview");

test("shows changes made by hand in a preview, and corrects them in `up`, without a refresh", { skip }, async (t) => {
  const project = await makeProject(t);
  const { application } = project;
  succeeded(await up(project));
  await sql(
    project,
    `ALTER TABLE ${application}.carts DISABLE ROW LEVEL SECURITY;
     CREATE POLICY everything ON ${application}.orders USING (true);
     GRANT ALL ON ${application}.customers TO PUBLIC;
     GRANT INSERT ON ${application}.currencies TO ${application}_app`,
  );

  const preview = succeeded(await project.tenantry("preview", "-s", "it", "--diff"));
  for (const [noun, table] of [
    ["TenantIsolation", "carts"],
    ["TenantIsolation", "orders"],
    ["TenantIsolation", "customers"],
    ["ReferenceTable", "currencies"],
  ]) {
    assert.match(
      preview.text,
      new RegExp(`tenantry:index:${noun}: \\(update\\)\\s+\\[id=${application}\\.${table}\\]`),
    );
  }
  assert.match(preview.text, /DROP POLICY "everything"/);
  assert.match(preview.text, /4 to update/);

  const outcome = succeeded(await up(project));
  assert.match(outcome.text, /4 updated/);
  const [left] = await sql(
    project,
    `SELECT (SELECT relrowsecurity FROM pg_class WHERE oid = '${application}.carts'::regclass) AS enabled,
       EXISTS (SELECT FROM pg_policies WHERE policyname = 'everything') AS open,
       has_table_privilege('${application}_agent', '${application}.customers', 'TRUNCATE') AS granted,
       has_table_privilege('${application}_app', '${application}.currencies', 'INSERT') AS written`,
  );
  assert.deepEqual(left, { enabled: true, open: false, granted: false, written: false });
  const second = succeeded(await up(project));
  assert.doesNotMatch(second.text, /updated|created/);

  await t.test("reports a table that was dropped by hand, with the fix", async () => {
    await sql(project, `ALTER TABLE ${application}.carts RENAME TO carts_away`);
    const failed = await up(project);
    assert.notEqual(failed.code, 0);
    assert.match(failed.text, new RegExp(`There is no table ${application}\\.carts in the database`));
    await sql(project, `ALTER TABLE ${application}.carts_away RENAME TO carts`);
  });

  await t.test("rejects a file that removes isolation by dynamic SQL, and rolls it back", async () => {
    project.write(
      `sql/${application}/110_open.sql`,
      "DO $$ DECLARE verb text := reverse('PORD'); BEGIN EXECUTE verb || ' POLICY tenant_isolation ON orders'; END $$;\n",
    );
    const failed = await up(project);
    assert.notEqual(failed.code, 0);
    assert.match(failed.text, /110_open\.sql:1: The policy tenant_isolation on \S+\.orders was dropped/);
    const policies = await sql(project, "SELECT FROM pg_policies WHERE tablename = 'orders'");
    assert.equal(policies.length, 1);
  });
});
