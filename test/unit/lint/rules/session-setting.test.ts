import assert from "node:assert/strict";
import test from "node:test";
import { sessionSetting } from "../../../../lint/rules/session-setting";
import { fixes, found } from "../shop-with";

const bad = `RESET ALL;
CREATE TABLE a (id int);`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(sessionSetting, bad), [
    "1 RESET ALL takes away the settings under which the toolkit runs the rest of the file",
  ]);
  assert.match((await fixes(sessionSetting, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(sessionSetting, `SET LOCAL work_mem = '256MB';`), []);
});

const others: readonly (readonly [sql: string, what: RegExp])[] = [
  ["SET search_path = public;", /SET search_path: names without a schema/],
  ["SET ROLE app;", /SET role: what follows is made by/],
  ["SET SESSION AUTHORIZATION app;", /SET session_authorization/],
  ["SET LOCAL row_security = off;", /SET row_security/],
  ["SELECT set_config('search_path', 'public', false);", /set_config\('search_path'\)/],
  ["DO $$ BEGIN PERFORM set_config('row_security', 'off', true); END $$;", /set_config\('row_security'\)/],
  ["DO $$ BEGIN EXECUTE 'SET ROLE ' || 'app'; END $$;", /SET role/],
  ["DO $$ BEGIN RESET ALL; END $$;", /RESET ALL takes away/],
  ["DISCARD ALL;", /DISCARD takes away/],
  ["DEALLOCATE ALL;", /DEALLOCATE ALL takes away/],
  ["SELECT pg_advisory_unlock_all();", /pg_advisory_unlock_all\(\) may release the lock/],
];

test("reports each way to change the meaning of the rest of a file", async () => {
  for (const [sql, what] of others) assert.match((await found(sessionSetting, sql)).join("\n"), what);
});

test("accepts settings of a function for its own run", async () => {
  const good = "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = shop RETURN 1;";
  assert.deepEqual(await found(sessionSetting, good), []);
});
