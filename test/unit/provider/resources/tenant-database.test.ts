import assert from "node:assert/strict";
import test from "node:test";
import type { PostgresEndpoint } from "../../../../architecture/endpoints";
import { fingerprintOf } from "../../../../provider/citus/node-logins";
import { tenantDatabase } from "../../../../provider/resources/tenant-database";

const node = { name: "worker_1", host: "10.0.0.2", port: 5432 };
const inputs = { database: "shop_acme", tenant: "acme", nodes: [node] };
const state = { ...inputs, missing: [] };
const cdc = { user: "shop_cdc", password: "c" };
const app = { user: "shop_acme_app", password: "a" };
const endpoint: PostgresEndpoint = {
  host: "10.0.0.1",
  port: 5432,
  database: "postgres",
  user: "tenantry",
  password: "t",
  sslmode: "disable",
  nodes: [node],
  roles: { cdc, "acme/app": app, "globex/app": { user: "shop_globex_app", password: "g" } },
};
const tenantry = { user: "tenantry", password: "t" };
const applied = { ...state, logins: fingerprintOf([tenantry, cdc, app]) };

const setLogins = [
  "-- with several nodes, on each, the passwords by which roles go from one to another:",
  `INSERT INTO pg_catalog.pg_dist_authinfo (nodeid, rolename, authinfo) VALUES (0, $1, $2)
  ON CONFLICT (rolename, nodeid) DO UPDATE SET authinfo = excluded.authinfo
  WHERE pg_dist_authinfo.authinfo IS DISTINCT FROM excluded.authinfo`,
];

test("a database as declared has no differences", () => {
  assert.deepEqual(tenantDatabase.diff(state, inputs), []);
});

test("replaces the database if its name changes; adds it to a node that joined or moved", () => {
  assert.deepEqual(tenantDatabase.diff(state, { ...inputs, database: "shop_other" }), [
    { path: "database", how: "replace" },
  ]);
  const joined = { ...inputs, nodes: [node, { ...node, name: "worker_2", host: "10.0.0.3" }] };
  assert.deepEqual(tenantDatabase.diff(state, joined), [{ path: "nodes", how: "update" }]);
  const moved = { ...inputs, nodes: [{ ...node, host: "10.0.0.9" }] };
  assert.deepEqual(tenantDatabase.diff(state, moved), [{ path: "nodes", how: "update" }]);
});

test("reports missing parts of the database as drift", () => {
  const found = { ...state, missing: ["database on worker_1"] };
  assert.deepEqual(tenantDatabase.diff(found, inputs), [{ path: "missing", how: "update" }]);
});

test("lists a changed password only for roles that connect between nodes", () => {
  const differences = (changed: Partial<PostgresEndpoint>, from = applied) =>
    tenantDatabase.diff(from, inputs, { ...endpoint, ...changed });
  const another = (role: string) => ({ roles: { ...endpoint.roles, [role]: { user: role, password: "another" } } });
  const update = [{ path: "logins", how: "update" }];
  assert.deepEqual(differences({}), []);
  assert.deepEqual(differences({ password: "another" }), update);
  assert.deepEqual(differences(another("acme/app")), update);
  assert.deepEqual(differences(another("cdc")), update);
  assert.deepEqual(differences(another("globex/app")), []);
});

test("sets passwords if no fingerprint is known, and none with one node", () => {
  assert.deepEqual(tenantDatabase.diff(state, inputs, endpoint), [{ path: "logins", how: "update" }]);
  assert.deepEqual(tenantDatabase.diff(state, inputs, { ...endpoint, host: node.host }), []);
});

test("reports a different password on a node as drift", () => {
  const found = { ...applied, outdated: ["shop_acme_app on worker_1"] };
  assert.deepEqual(tenantDatabase.diff(found, inputs, endpoint), [{ path: "outdated", how: "update" }]);
});

test("previews a change of passwords without showing them", () => {
  assert.deepEqual(tenantDatabase.preview(applied, inputs), setLogins);
  assert.deepEqual(tenantDatabase.preview({ ...applied, outdated: ["shop_acme_app on worker_1"] }, inputs), setLogins);
});

test("previews the creation with quoted names, and that delete keeps the database", () => {
  assert.deepEqual(tenantDatabase.preview(undefined, { ...inputs, database: 'odd "name"' }), [
    "-- on every node that has no such database:",
    `CREATE DATABASE "odd ""name""" TEMPLATE template0 ENCODING 'UTF8'`,
    "-- where Citus is loaded:",
    "CREATE EXTENSION IF NOT EXISTS citus",
    "CREATE SCHEMA IF NOT EXISTS partman",
    "CREATE EXTENSION IF NOT EXISTS pg_partman WITH SCHEMA partman",
    ...setLogins,
  ]);
  assert.deepEqual(tenantDatabase.preview(state, undefined), [
    '-- the database stays with its rows, unless tenantry:allow has "drop shop_acme":',
    'DROP DATABASE IF EXISTS "shop_acme" WITH (FORCE)',
  ]);
});
