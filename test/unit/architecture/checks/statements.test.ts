import assert from "node:assert/strict";
import test from "node:test";
import { placesOf, problemsOf } from "../shop";

async function ofFile(sql: string): Promise<string[]> {
  return placesOf({ sql: { "002_file.sql": sql } });
}

test("rejects transaction control in a file", async () => {
  assert.deepEqual(await ofFile("BEGIN;\nSELECT 1;\nCOMMIT;"), [
    "002_file.sql:1:1 A file runs in one transaction by itself",
    "002_file.sql:3:1 A file runs in one transaction by itself",
  ]);
  assert.deepEqual(await ofFile("-- tenantry: no transaction\nBEGIN;"), [
    "002_file.sql:2:1 Each statement of a file without a transaction commits by itself",
  ]);
});

test("rejects COPY from or to the client, and accepts COPY from a file of the server", async () => {
  assert.deepEqual(await ofFile("COPY tenants TO STDOUT;"), ["002_file.sql:1:1 COPY from or to the client needs psql"]);
  assert.deepEqual(await ofFile("COPY tenants FROM '/data/tenants.csv';"), []);
});

test("rejects a file that sets the search path", async () => {
  assert.deepEqual(await ofFile("SET search_path = public;"), [
    "002_file.sql:1:1 Names without a schema mean the application's schema in every file",
  ]);
});

test("requires a file without a transaction for statements that PostgreSQL refuses in one", async () => {
  const statements = {
    "CREATE INDEX CONCURRENTLY": "CREATE INDEX CONCURRENTLY ON tenants (tenant_id)",
    "DROP INDEX CONCURRENTLY": "DROP INDEX CONCURRENTLY i",
    VACUUM: "VACUUM tenants",
    "CREATE DATABASE": "CREATE DATABASE d",
    "DROP DATABASE": "DROP DATABASE d",
    "ALTER SYSTEM": "ALTER SYSTEM SET work_mem = '8MB'",
  };
  for (const [name, statement] of Object.entries(statements)) {
    const [problem] = await problemsOf({ sql: { "002_file.sql": `${statement};` } });
    assert.equal(problem?.what, `PostgreSQL refuses ${name} inside a transaction`);
    assert.deepEqual(await ofFile(`-- tenantry: no transaction\n${statement};`), []);
  }
  assert.deepEqual(await ofFile("ANALYZE tenants;"), []);
});
