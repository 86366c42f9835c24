import assert from "node:assert/strict";
import test from "node:test";
import { placesOf } from "../shop";

function ofViews(sql: string): Promise<string[]> {
  return placesOf({ sql: { "002_views.sql": sql } });
}

test("rejects a view on a tenant table without security_invoker", async () => {
  assert.deepEqual(await ofViews("CREATE VIEW v AS SELECT * FROM countries, (SELECT 1 FROM tenants) AS t;"), [
    "002_views.sql:1:13 The view `v` shows every tenant's rows: it reads with its owner's rights",
  ]);
  assert.deepEqual(await ofViews("CREATE VIEW v WITH (security_invoker = off) AS SELECT * FROM shop.tenants;"), [
    "002_views.sql:1:13 The view `v` shows every tenant's rows: it reads with its owner's rights",
  ]);
});

test("accepts all spellings of security_invoker", async () => {
  for (const option of [
    "security_invoker",
    "security_invoker = true",
    "security_invoker = 'on'",
    "security_invoker=1",
  ]) {
    assert.deepEqual(await ofViews(`CREATE VIEW v WITH (${option}) AS SELECT * FROM tenants;`), [], option);
  }
  assert.deepEqual(
    await ofViews("CREATE VIEW v AS SELECT * FROM tenants; ALTER VIEW v SET (security_invoker = true);"),
    [],
  );
});

test("also requires security_invoker of a view on a view", async () => {
  const inner = "CREATE VIEW v WITH (security_invoker) AS SELECT * FROM tenants;";
  assert.deepEqual(await ofViews(`${inner}\nCREATE VIEW w AS SELECT * FROM v;`), [
    "002_views.sql:2:13 The view `w` shows every tenant's rows: it reads with its owner's rights",
  ]);
});

test("rejects a materialized view on a tenant table", async () => {
  assert.deepEqual(await ofViews("CREATE MATERIALIZED VIEW m AS SELECT * FROM tenants;"), [
    "002_views.sql:1:26 The materialized view `m` copies every tenant's rows past row level security",
  ]);
});

test("accepts views on shared data, and views that are dropped again", async () => {
  const sql = "CREATE VIEW v AS SELECT * FROM countries; CREATE VIEW w AS SELECT * FROM tenants; DROP VIEW w;";
  assert.deepEqual(await ofViews(sql), []);
});
