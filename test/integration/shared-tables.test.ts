import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { root } from "../../common/system/checkout";
import { makeProject } from "./project";
import { freshDatabase, skip } from "./servers";
import { asLogin, changes, loginOf, up, verified } from "./tenanted-stack";

/** The first block of a language under a heading of the page. */
function example(language: string): string {
  const page = readFileSync(join(root, "docs", "describe-your-data.md"), "utf8");
  const section = page.slice(page.indexOf("\n## Tables that tenants share"));
  return (
    new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(section)?.[1] ?? assert.fail(`no ${language} there`)
  );
}

test("tables shared by tenants, as in the documentation", { skip }, async (t) => {
  const project = await makeProject(t, {}, (application) => freshDatabase(application, ["app", "login"]));
  const { application, folder, endpoints } = project;
  const own = `sql/${application}`;
  for (const file of readdirSync(join(folder, own))) rmSync(join(folder, own, file));
  const describe = (yaml: string) => project.write(`${own}/architecture.yaml`, yaml);
  describe(example("yaml"));
  project.write(`${own}/010_users.sql`, example("sql"));
  await up(project);

  await t.test("pass verify without rows, with a warning if verify may not create any", async () => {
    const findings = await verified(project);
    // On Citus verify commits its rows, and must leave none in a shared table.
    if (endpoints.postgres.nodes.length === 1) return;
    const warned = findings.find(({ check, outcome }) => check === "leaks" && outcome === "warn");
    assert.match(
      warned?.seen ?? "",
      /no row could be made in .*\.memberships \(.*\.users, to which it refers, has no row\)/,
    );
  });

  const [acme, globex, user] = [randomUUID(), randomUUID(), randomUUID()];
  /** Runs SQL as one of the roles in a transaction, with the tenant set if one is given. */
  const run = (role: string, tenant: string | undefined, ...statements: string[]) =>
    asLogin(project, loginOf(project, role), async (client) => {
      await client.query("BEGIN");
      if (tenant !== undefined) await client.query("SELECT tenantry.set_tenant($1)", [tenant]);
      let rows: unknown[] = [];
      for (const sql of statements) ({ rows } = await client.query(sql.replaceAll(/\bin\./g, `${application}.`)));
      await client.query("COMMIT");
      return rows;
    });
  const joining = (tenant: string, who = user) => [
    `INSERT INTO in.tenants VALUES ('${tenant}', 'x') ON CONFLICT DO NOTHING`,
    `INSERT INTO in.memberships VALUES ('${tenant}', '${who}', 'Ann', 'all')`,
  ];

  await t.test("let people sign in before a tenant is set, without access to tenants' rows", async () => {
    await run(
      "login",
      undefined,
      `INSERT INTO in.users VALUES ('${user}', 'ann@example.com')`,
      `INSERT INTO in.sign_ins VALUES ('${user}', '${acme}'), ('${user}', '${globex}')`,
    );
    const found = "SELECT workspace FROM in.users JOIN in.sign_ins USING (user_id) WHERE email = 'ann@example.com'";
    assert.equal((await run("login", undefined, found)).length, 2);
    await assert.rejects(run("login", acme, "SELECT FROM in.memberships"), /permission denied/);
  });

  await t.test("limit memberships to their own tenant and to existing users", async () => {
    await run("app", acme, ...joining(acme));
    await run("app", globex, ...joining(globex));
    assert.equal((await run("app", acme, "SELECT FROM in.memberships")).length, 1);
    await assert.rejects(run("app", acme, ...joining(globex)), /row-level security/);
    await assert.rejects(run("app", acme, ...joining(acme, randomUUID())), /foreign key/);
    for (const sql of ["SELECT FROM in.users", "DELETE FROM in.users", "TRUNCATE in.users"]) {
      await assert.rejects(run("app", acme, sql), /permission denied/);
    }
  });

  await t.test("pass verify, and a second up has nothing to do", async () => {
    await verified(project);
    assert.deepEqual(await changes(project), []);
  });

  await t.test("are written in one transaction with tenants' rows, by a role with `writes: all`", async () => {
    describe(example("yaml").replace(/app: .*/, "app: { writes: all }"));
    assert.deepEqual([...new Set(await changes(project))], ["update tenantry:index:ReferenceTable"]);
    await up(project);
    const bert = randomUUID();
    const both = [`INSERT INTO in.users VALUES ('${bert}', 'bert@example.com')`, ...joining(acme, bert)];
    await assert.rejects(run("app", acme, ...both, "SELECT 1 / 0"), /division by zero/);
    assert.deepEqual(await run("login", undefined, `SELECT FROM in.users WHERE user_id = '${bert}'`), []);
    await run("app", acme, ...both);
    await run(
      "app",
      acme,
      `UPDATE in.memberships SET rights = 'none' WHERE tenant_id = '${acme}' AND user_id = '${bert}'`,
      `UPDATE in.users SET email = 'b@example.com' WHERE user_id = '${bert}'`,
    );
    // A deleted user leaves every tenant.
    await run("login", undefined, `DELETE FROM in.users WHERE user_id = '${bert}'`);
    const left = `SELECT FROM in.memberships WHERE tenant_id = '${acme}' AND user_id = '${bert}'`;
    assert.deepEqual(await run("app", acme, left), []);
  });

  await t.test("are revoked from a role without `writes: all`, and a file that grants them is rejected", async () => {
    describe(example("yaml"));
    await up(project);
    await assert.rejects(run("app", acme, "SELECT FROM in.users"), /permission denied/);
    project.write(`${own}/020_grant.sql`, `GRANT INSERT ON users TO ${application}_app;\n`);
    const { code, text } = await project.tenantry("up", "-s", "it", "--yes", "--skip-preview");
    assert.notEqual(code, 0);
    assert.match(text, /GRANT INSERT on `users` to \S+_app is undone by `up`/);
    project.write(`${own}/020_grant.sql`, `GRANT INSERT ON users TO ${application}_login;\n`);
    await up(project);
  });
});
