import assert from "node:assert/strict";
import test from "node:test";
import { privilegeOutsideDescription } from "../../../../lint/rules/privilege-outside-description";
import { fixes, found } from "../shop-with";

const bad = `GRANT INSERT, UPDATE ON countries TO PUBLIC;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(privilegeOutsideDescription, bad), [
    "1 GRANT INSERT, UPDATE on `countries` to PUBLIC is undone by `up`: architecture.yaml says nothing",
  ]);
  assert.match((await fixes(privilegeOutsideDescription, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(privilegeOutsideDescription, `GRANT SELECT ON countries TO reporting;`), []);
});

const others: readonly (readonly [sql: string, what: RegExp])[] = [
  ["GRANT ALL ON customers TO PUBLIC;", /GRANT ALL on `customers` to PUBLIC/],
  ["GRANT SELECT (name) ON customers TO PUBLIC;", /GRANT SELECT on `customers` to PUBLIC/],
  ["GRANT SELECT ON ALL TABLES IN SCHEMA shop TO PUBLIC;", /to PUBLIC is undone/],
  ["GRANT app TO agent;", /A membership gives agent all that app may do/],
  ["GRANT pg_execute_server_program TO reporting;", /A membership gives reporting all that pg_execute_server_program/],
  ["ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reporting;", /every future table/],
  ["ALTER ROLE CURRENT_USER IN DATABASE shop SET statement_timeout = 0;", /would begin with another statement_timeout/],
  ["ALTER DATABASE shop SET row_security = off;", /Every session would begin with another row_security/],
  ["ALTER SYSTEM SET work_mem = '1GB';", /ALTER SYSTEM changes work_mem of the whole server/],
  ["ALTER ROLE app CREATEROLE;", /CREATEROLE lets app reach past/],
  ["CREATE ROLE copier REPLICATION;", /REPLICATION lets copier reach past/],
  ["GRANT CREATE ON SCHEMA shop TO PUBLIC;", /make objects of their own/],
  ["GRANT EXECUTE ON FUNCTION pg_read_file(text) TO reporting;", /reach the server/],
  ["GRANT SET ON PARAMETER session_replication_role TO reporting;", /set what the server keeps to itself/],
];

test("reports each way to grant what architecture.yaml does not declare", async () => {
  for (const [sql, what] of others) assert.match((await found(privilegeOutsideDescription, sql)).join("\n"), what);
});
