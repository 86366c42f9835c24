import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { Client } from "pg";
import { makeProject, type Outcome } from "./project";
import { skip } from "./servers";

function succeeded(outcome: Outcome): string {
  assert.equal(outcome.code, 0, outcome.text);
  return outcome.text;
}

test("a stack takes a schema change from phase to phase by `evolve` and `up`", { skip }, async (t) => {
  const project = await makeProject(t);
  const { application, endpoints } = project;
  const up = async () => succeeded(await project.tenantry("up", "-s", "it", "--yes", "--skip-preview"));
  await up();
  const client = new Client(endpoints.postgres);
  await client.connect();
  // The project drops the database, and with it this connection.
  client.on("error", () => {});
  t.after(() => client.end());
  const { rows: tenants } = await client.query(
    `INSERT INTO "${application}".tenants (name, country, currency) VALUES ('Acme', 'AT', 'EUR') RETURNING tenant_id`,
  );
  const tenant = tenants[0]?.tenant_id;
  await client.query(
    `INSERT INTO "${application}".customers (tenant_id, name, email, country)
     SELECT $1, 'Ada ' || n, n || '@example.org', 'AT' FROM generate_series(1, 50) AS n`,
    [tenant],
  );
  mkdirSync(join(project.folder, "sql", application, "changes"));
  project.write(
    `sql/${application}/changes/085_full_name.yaml`,
    "table: customers\nadd:\n  full_name: { type: text, from: name, notNull: true }\ndrop:\n  name: full_name\n",
  );

  await t.test("shows that it has not begun, and refuses a phase that would be skipped", async () => {
    const status = JSON.parse(succeeded(await project.tenantry("evolve", "status", "-s", "it", "--json")));
    assert.equal(status.changes[0].databases[0].phase, "not begun");
    const next = await project.tenantry("evolve", "next", "085_full_name", "-s", "it");
    assert.equal(next.code, 1);
    assert.match(next.text, /has not begun[\s\S]*evolve start/);
    const unknown = await project.tenantry("evolve", "start", "085_fullname", "-s", "it");
    assert.match(unknown.text, /no such schema change[\s\S]*Write `085_full_name`/);
  });

  await t.test("shows the statements of a phase in the preview, and applies each", async () => {
    succeeded(await project.tenantry("evolve", "start", "085_full_name", "-s", "it"));
    assert.match(project.read("stacks/Pulumi.it.yaml"), /085_full_name: expand/);
    const preview = succeeded(await project.tenantry("preview", "-s", "it", "--diff"));
    assert.match(preview, /ADD COLUMN IF NOT EXISTS "full_name" text/);
    await up();
    succeeded(await project.tenantry("evolve", "next", "085_full_name", "-s", "it"));
    await up();
    const status = succeeded(await project.tenantry("evolve", "status", "-s", "it"));
    assert.match(status, /085_full_name +customers +\S+ +dual-write/);
    await client.query(`UPDATE "${application}".customers SET name = name || '!' WHERE tenant_id = $1`, [tenant]);
    const { rows } = await client.query(
      `SELECT count(*) FILTER (WHERE full_name = name)::int AS filled FROM "${application}".customers WHERE tenant_id = $1`,
      [tenant],
    );
    assert.equal(rows[0]?.filled, 50);
    const verify = succeeded(
      await project.tenantry("verify", "-s", "it", "--only", "isolation,policies,functions,bypasses,drift"),
    );
    assert.match(verify, / 0 fail,/);
  });
});
