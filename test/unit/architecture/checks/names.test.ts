import assert from "node:assert/strict";
import test from "node:test";
import { placesOf, problemsOf } from "../shop";

test("the application's name becomes part of slots, roles and topics", async () => {
  for (const name of ["My Shop", "shop-1", "Größe", "1shop"]) {
    const [problem] = await problemsOf({ name });
    assert.equal(
      problem?.what,
      "The application's folder has a name that cannot be part of the names of slots, roles and topics",
    );
    assert.equal(problem?.got, name);
  }
});

test("an application's name that makes a slot's name too long is refused", async () => {
  assert.deepEqual(await problemsOf({ name: "a".repeat(44) }), []);
  const [problem] = await problemsOf({ name: "a".repeat(45) });
  assert.equal(problem?.what, "The name of a replication slot becomes too long");
  assert.equal(problem?.fix, "Shorten the name by 1");
});

test("names that PostgreSQL or tenantry keep are refused", async () => {
  const what = "has a name that PostgreSQL or tenantry keeps for itself";
  assert.deepEqual(await placesOf({ name: "tenantry" }), [`architecture.yaml The application ${what}`]);
  for (const schema of ["pg_shop", "information_schema", "tenantry"]) {
    assert.deepEqual(await placesOf({ yaml: [`schema: ${schema}`] }), [`architecture.yaml:5:1 The schema ${what}`]);
  }
  assert.deepEqual(await placesOf({ yaml: ["roles: { cdc: {} }"] }), [`architecture.yaml:5:10 The role ${what}`]);
});

test("a schema may have any name that fits", async () => {
  assert.deepEqual(await problemsOf({ yaml: ['schema: My "Schema"'] }), []);
  for (const schema of ["a.b", "é".repeat(32)]) {
    const [problem] = await problemsOf({ yaml: [`schema: ${schema}`] });
    assert.equal(problem?.what, "The schema's name does not work");
  }
});

test("roles become roles of PostgreSQL", async () => {
  assert.deepEqual(await placesOf({ yaml: ["roles:", "  App: {}", `  ${"a".repeat(59)}: {}`] }), [
    "architecture.yaml:6:3 A role has a name that cannot be part of the name of a PostgreSQL role",
    "architecture.yaml:7:3 The name of a role becomes too long",
  ]);
});

test("aggregates become topics", async () => {
  const lines = ["events:", "  aggregates:", "    my order: {}", `    ${"a".repeat(240)}: {}`];
  assert.deepEqual(await placesOf({ yaml: lines }), [
    "architecture.yaml:7:5 An aggregate has a name that cannot be part of the name of a topic",
    "architecture.yaml:8:5 The name of a topic becomes too long",
  ]);
});
