import assert from "node:assert/strict";
import test from "node:test";
import { parseApplication } from "../../../../architecture/application-parser";
import { loadSqlParser } from "../../../../architecture/sql/sql-parser";
import { placesOf, problemsOf } from "../shop";

test("rejects an application's name that cannot be part of names of slots, roles and topics", async () => {
  for (const name of ["My Shop", "shop-1", "Größe", "1shop"]) {
    const [problem] = await problemsOf({ name });
    assert.equal(
      problem?.what,
      "The application's folder has a name that cannot be part of the names of slots, roles and topics",
    );
    assert.equal(problem?.got, name);
  }
});

test("rejects an application's name that makes a slot's name too long", async () => {
  assert.deepEqual(await problemsOf({ name: "a".repeat(44) }), []);
  const [problem] = await problemsOf({ name: "a".repeat(45) });
  assert.equal(problem?.what, "The name of a replication slot becomes too long");
  assert.equal(problem?.fix, "Shorten the name by 1");
});

test("rejects names that PostgreSQL or tenantry reserves", async () => {
  const what = "has a name that PostgreSQL or tenantry keeps for itself";
  assert.deepEqual(await placesOf({ name: "tenantry" }), [`architecture.yaml The application ${what}`]);
  for (const schema of ["pg_shop", "information_schema", "tenantry"]) {
    assert.deepEqual(await placesOf({ yaml: [`schema: ${schema}`] }), [`architecture.yaml:5:1 The schema ${what}`]);
  }
  assert.deepEqual(await placesOf({ yaml: ["roles: { cdc: {} }"] }), [`architecture.yaml:5:10 The role ${what}`]);
});

test("accepts any name of a schema that is short enough and has no dot", async () => {
  assert.deepEqual(await problemsOf({ yaml: ['schema: My "Schema"'] }), []);
  for (const schema of ["a.b", "é".repeat(32)]) {
    const [problem] = await problemsOf({ yaml: [`schema: ${schema}`] });
    assert.equal(problem?.what, "The schema's name does not work");
  }
});

test("rejects roles that cannot be names of PostgreSQL roles", async () => {
  assert.deepEqual(await placesOf({ yaml: ["roles:", "  App: {}", `  ${"a".repeat(59)}: {}`] }), [
    "architecture.yaml:6:3 A role has a name that cannot be part of the name of a PostgreSQL role",
    "architecture.yaml:7:3 The name of a role becomes too long",
  ]);
});

test("rejects aggregates that cannot be part of a topic's name", async () => {
  const lines = ["events:", "  aggregates:", "    my order: {}", `    ${"a".repeat(240)}: {}`];
  assert.deepEqual(await placesOf({ yaml: lines }), [
    "architecture.yaml:7:5 An aggregate has a name that cannot be part of the name of a topic",
    "architecture.yaml:8:5 The name of a topic becomes too long",
  ]);
});

test("rejects a tenant column with the name of a column of the toolkit's tables", async () => {
  await loadSqlParser();
  const yaml = "tenant: { table: tenants, column: id }\ntables:\n  tenants: { tenant: true }\n";
  const sql = "CREATE TABLE tenants (id uuid PRIMARY KEY);\n";
  assert.throws(
    () =>
      parseApplication("shop", { path: "sql/shop/architecture.yaml", text: yaml }, [
        { path: "sql/shop/001_tenants.sql", text: sql },
      ]),
    /architecture\.yaml:1:27: The tenant column has the name of a column of the toolkit's own tables[\s\S]*got: +id/,
  );
});

test("rejects a `maxPayload` above Kafka's limit", async () => {
  const [problem] = await problemsOf({ yaml: ["events: { maxPayload: 961 KiB }"] });
  assert.match(problem?.expected ?? "", /^at most 960 KiB/);
});
