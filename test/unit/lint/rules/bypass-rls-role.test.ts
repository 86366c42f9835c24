import assert from "node:assert/strict";
import test from "node:test";
import { bypassRlsRole } from "../../../../lint/rules/bypass-rls-role";
import { fixes, found } from "../shop-with";

const bad = `CREATE ROLE reports LOGIN BYPASSRLS;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(bypassRlsRole, bad), ["1 BYPASSRLS lets the role read and write every tenant's rows"]);
  assert.match((await fixes(bypassRlsRole, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(bypassRlsRole, `CREATE ROLE reports LOGIN NOBYPASSRLS;`), []);
});

test("reports ALTER ROLE of an existing role", async () => {
  assert.deepEqual(await found(bypassRlsRole, `ALTER ROLE reports SUPERUSER;`), [
    "1 SUPERUSER lets the role read and write every tenant's rows",
  ]);
});
