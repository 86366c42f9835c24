import assert from "node:assert/strict";
import test from "node:test";
import { tenantDatabase } from "../../../../provider/resources/tenant-database";

const node = { name: "worker_1", host: "10.0.0.2", port: 5432 };
const inputs = { database: "shop_acme", tenant: "acme", nodes: [node] };
const state = { ...inputs, missing: [] };

test("a database as declared has no differences", () => {
  assert.deepEqual(tenantDatabase.diff(state, inputs), []);
});

test("another name replaces the database; a node that joins or moved gets it", () => {
  assert.deepEqual(tenantDatabase.diff(state, { ...inputs, database: "shop_other" }), [
    { path: "database", how: "replace" },
  ]);
  const joined = { ...inputs, nodes: [node, { ...node, name: "worker_2", host: "10.0.0.3" }] };
  assert.deepEqual(tenantDatabase.diff(state, joined), [{ path: "nodes", how: "update" }]);
  const moved = { ...inputs, nodes: [{ ...node, host: "10.0.0.9" }] };
  assert.deepEqual(tenantDatabase.diff(state, moved), [{ path: "nodes", how: "update" }]);
});

test("what is missing of it is drift", () => {
  const found = { ...state, missing: ["database on worker_1"] };
  assert.deepEqual(tenantDatabase.diff(found, inputs), [{ path: "missing", how: "update" }]);
});

test("the preview shows what makes it, quoted, and that deleting it keeps it", () => {
  assert.deepEqual(tenantDatabase.preview(undefined, { ...inputs, database: 'odd "name"' }), [
    "-- on every node that has no such database:",
    `CREATE DATABASE "odd ""name""" TEMPLATE template0 ENCODING 'UTF8'`,
    "-- where Citus is loaded:",
    "CREATE EXTENSION IF NOT EXISTS citus",
    "CREATE SCHEMA IF NOT EXISTS partman",
    "CREATE EXTENSION IF NOT EXISTS pg_partman WITH SCHEMA partman",
  ]);
  assert.deepEqual(tenantDatabase.preview(state, undefined), [
    '-- the database stays with its rows, unless tenantry:allow has "drop shop_acme":',
    'DROP DATABASE IF EXISTS "shop_acme" WITH (FORCE)',
  ]);
});
