import assert from "node:assert/strict";
import test from "node:test";
import { loadSettings } from "../../../settings/stack-file";
import { kubernetes, noSecrets, problemsOf, stackFolder } from "./stack-file";

const tenants =
  "  tenantry:tenants:\n    - { name: acme, id: 5e5b2c1a-0000-4000-8000-00000000acce }\n    - { name: globex, id: 7 }\n";
const stackOf = (...lines: string[]) => `config:\n  tenantry:application: shop\n${lines.join("")}`;

test("reads the tenants that have a schema or a database of their own", async () => {
  const folder = stackFolder(stackOf("  tenantry:tenancy: schema\n", tenants));
  assert.deepEqual((await loadSettings("dev", noSecrets, folder)).tenancy, {
    model: "schema",
    tenants: [
      { name: "acme", id: "5e5b2c1a-0000-4000-8000-00000000acce" },
      { name: "globex", id: "7" },
    ],
  });
});

test("takes the tenancy model from the workload's plan, or from an override in `tenantry:plan`", async () => {
  const few = "{ tenants: { now: 6, largest: 40 % }, writes: 50, retention: { hot: 3 months } }";
  const planned = stackFolder(stackOf(`  tenantry:workload: ${few}\n`, tenants));
  assert.equal((await loadSettings("dev", noSecrets, planned)).tenancy?.model, "silo");
  const own = stackFolder(stackOf(`  tenantry:workload: ${few}\n  tenantry:plan: { model: shared }\n`));
  assert.equal((await loadSettings("dev", noSecrets, own)).tenancy, undefined);
  assert.match(
    await problemsOf(stackOf(`  tenantry:workload: ${few}\n`)),
    /yaml:3:3: Nothing says which tenants there are, and in the model `silo`, by the plan/,
  );
});

test("rejects `tenantry:tenants` in the model `shared`, and requires it in the other models", async () => {
  assert.match(await problemsOf(stackOf(tenants)), /yaml:3:3: `tenantry:tenants` lists[\s\S]*they are rows/);
  assert.match(await problemsOf(stackOf("  tenantry:tenancy: schema\n")), /yaml:3:3: Nothing says which tenants/);
});

test("rejects `tenantry:isolatedTenants` in the model `schema`", async () => {
  const isolated = "  tenantry:isolatedTenants: [5e5b2c1a-0000-4000-8000-00000000acce]\n";
  assert.match(
    await problemsOf(stackOf("  tenantry:tenancy: schema\n", tenants, isolated)),
    /yaml:7:3: `tenantry:isolatedTenants` gives tenants shards[\s\S]*in the model `schema`[\s\S]*Remove it/,
  );
});

test("reports repeated names and ids of tenants, and unusable ones, each at its place", async () => {
  const list = "[{ name: a, id: 1 }, { name: a, id: 2 }, { name: b, id: 1 }, { name: Big-One, id: 3 }]";
  const message = await problemsOf(stackOf(`  tenantry:tenancy: silo\n  tenantry:tenants: ${list}\n`));
  assert.match(message, /tenantry:tenants.1.name` cannot be read[\s\S]*a name of its own/);
  assert.match(message, /tenantry:tenants.2.id` cannot be read[\s\S]*an id of its own/);
  assert.match(message, /"Big-One"[\s\S]*a lower-case letter/);
  const long = "[{ name: a, id: 9007199254740993 }]";
  const rounded = await problemsOf(stackOf(`  tenantry:tenancy: silo\n  tenantry:tenants: ${long}\n`));
  assert.match(rounded, /tenantry:tenants.0.id` cannot be read[\s\S]*in quotes if it is a long number/);
});

test("rejects the model `silo` on Kubernetes, and names alternatives", async () => {
  const message = await problemsOf(
    `${kubernetes}  tenantry:kubernetes: { context: a, namespace: b, workers: 1 }\n  tenantry:tenancy: silo\n${tenants}`,
  );
  assert.match(message, /not on Kubernetes: a cluster that Patroni keeps has one database[\s\S]*a stack of its own/);
});
