import assert from "node:assert/strict";
import test from "node:test";
import { loadSqlParser } from "../../../../architecture/sql/sql-parser";
import { lint } from "../../../../lint/lint";
import { setNotNull } from "../../../../lint/rules/set-not-null";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers ALTER COLUMN name SET NOT NULL;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(setNotNull, bad), [
    "1 SET NOT NULL on `customers.name` reads the whole table under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile",
  ]);
  assert.match((await fixes(setNotNull, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(setNotNull, `ALTER TABLE customers ADD CONSTRAINT name_is_there CHECK (name IS NOT NULL) NOT VALID;`),
    [],
  );
});

test("trusts a validated CHECK, also in DO blocks, and a column that is NOT NULL already", async () => {
  const check = "ALTER TABLE customers ADD CONSTRAINT c CHECK (NOT (name IS NULL)) NOT VALID;";
  const set = "ALTER TABLE customers ALTER COLUMN name SET NOT NULL;";
  assert.deepEqual(await found(setNotNull, `${check} ALTER TABLE customers VALIDATE CONSTRAINT c; ${set}`), []);
  assert.deepEqual(
    await found(setNotNull, `DO $$ BEGIN ${check} ALTER TABLE customers VALIDATE CONSTRAINT c; ${set} END $$;`),
    [],
  );
  assert.equal((await found(setNotNull, `${check} ${set}`)).length, 1);
  assert.deepEqual(await found(setNotNull, "ALTER TABLE customers ALTER COLUMN customer_id SET NOT NULL;"), []);
});

test("follows the checks of a table that no file creates", async () => {
  const sql = (...texts: string[]) => texts.map((text, index) => ({ path: `db/${index + 1}.sql`, text }));
  await loadSqlParser();
  const foundIn = (...texts: string[]) => lint({ name: "db", sql: sql(...texts) }, [setNotNull]).length;
  const add = "ALTER TABLE foo ADD CONSTRAINT c CHECK (bar IS NOT NULL) NOT VALID;";
  const validate = "ALTER TABLE foo VALIDATE CONSTRAINT c;";
  const set = "ALTER TABLE foo ALTER COLUMN bar SET NOT NULL;";
  assert.equal(foundIn(add, validate, set), 0);
  assert.equal(foundIn(`${validate} ${set}`), 0);
  assert.equal(foundIn(add, set), 1);
  assert.equal(foundIn(set), 1);
  assert.equal(foundIn(add, "ALTER TABLE foo DROP CONSTRAINT c;", validate.replace("foo", "other"), set), 1);
});
