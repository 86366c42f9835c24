import assert from "node:assert/strict";
import test from "node:test";
import { parseShop, placesOf, problemsOf } from "../shop";

test("rejects a role that names an unknown table", async () => {
  const [problem] = await problemsOf({ yaml: ["roles: { agent: { reads: [countries, tenant] } }"] });
  assert.equal(problem?.what, "Role `agent` reads `tenant`, which is no table");
  assert.equal(problem?.fix, "Write `tenants`, if that is what you mean");
  assert.equal(problem?.at?.column, 38);
});

test("rejects roles that write reference tables, or read local tables", async () => {
  assert.deepEqual(
    await placesOf({
      tables: ["jobs: { local: true }"],
      yaml: ["roles: { agent: { reads: [countries, jobs], writes: [tenants, countries] } }"],
      sql: { "002_jobs.sql": "CREATE TABLE jobs (id uuid PRIMARY KEY);" },
    }),
    [
      "architecture.yaml:6:38 Role `agent` reads the local table `jobs`: roles are about tenants' and reference data",
      "architecture.yaml:6:63 Role `agent` writes `countries`, but reference tables change by SQL files only",
    ],
  );
});

test("accepts roles that write shared tables", async () => {
  const users = {
    tables: ["users: { shared: true }"],
    sql: { "002_users.sql": "CREATE TABLE users (user_id uuid PRIMARY KEY);" },
  };
  const { tables } = await parseShop({ ...users, yaml: ["roles: { login: { writes: [users] } }"] });
  const own = tables.find(({ name }) => name === "users");
  assert.deepEqual(own?.kind === "reference" && own.shared, true);
  assert.deepEqual(await placesOf({ ...users, tables: ["users: { shared: true, reference: true }"] }), [
    "architecture.yaml:5:3 Table `users` needs exactly one kind",
  ]);
});

test("reports bad durations and sizes at their place", async () => {
  const problems = await problemsOf({
    yaml: ["roles: { agent: { statementTimeout: 5 } }", "events: { retention: soon, maxPayload: 8 KB }"],
  });
  assert.deepEqual(
    problems.map(({ what, got, at }) => [what, got, at?.line, at?.column]),
    [
      ["`events.retention` cannot be read", '"soon"', 6, 22],
      ["`events.maxPayload` cannot be read", '"8 KB"', 6, 40],
      ["`roles.agent.statementTimeout` cannot be read", "5", 5, 37],
    ],
  );
});
