import assert from "node:assert/strict";
import test from "node:test";
import { unloggedTable } from "../../../../lint/rules/unlogged-table";
import { placesOf } from "../../architecture/shop";
import { fixes, found } from "../shop-with";

const bad = "ALTER TABLE customers SET UNLOGGED;";

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(unloggedTable, bad), [
    "1 `customers` is unlogged: a crash empties it, and no standby has its rows",
  ]);
  assert.match((await fixes(unloggedTable, bad)).join(), /^Leave UNLOGGED/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(unloggedTable, "CREATE UNLOGGED TABLE staging (id int);"), []);
});

test("makes preview refuse it too, unless a later file sets the table LOGGED", async () => {
  const tables = ["t: { tenant: true }", "jobs: { local: true }"];
  const made =
    "CREATE UNLOGGED TABLE jobs (id int PRIMARY KEY);\nCREATE UNLOGGED TABLE t (tenant_id uuid PRIMARY KEY);";
  assert.deepEqual(await placesOf({ tables, sql: { "002_t.sql": made } }), [
    "002_t.sql:2:23 The tenant table `t` is unlogged: a crash empties it, and no standby has its rows",
  ]);
  const logged = { "002_t.sql": made, "003_t.sql": "ALTER TABLE t SET LOGGED;" };
  assert.deepEqual(await placesOf({ tables, sql: logged }), []);
});
