import assert from "node:assert/strict";
import test from "node:test";
import { repeatedAssignment } from "../../../../architecture/rules/repeated-assignment";
import { fixes, found } from "./shop-with";

const bad = `UPDATE customers SET name = 'a', country = 'CH', name = 'b' WHERE tenant_id = $1;`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(repeatedAssignment, bad), [
    "1 Column `name` is assigned twice: PostgreSQL refuses the statement",
  ]);
  assert.match((await fixes(repeatedAssignment, bad)).join(), /^Keep one/);
});

test("the good example passes", async () => {
  assert.deepEqual(
    await found(repeatedAssignment, `UPDATE customers SET name = 'b', country = 'CH' WHERE tenant_id = $1;`),
    [],
  );
});

test("parts of one column are two columns; DO UPDATE is looked at too", async () => {
  assert.deepEqual(
    await found(repeatedAssignment, "UPDATE customers SET at.x = 1, at.y = 2 WHERE tenant_id = $1;"),
    [],
  );
  const text = "INSERT INTO a (b) VALUES (1) ON CONFLICT (b) DO UPDATE SET c = 1, c = 2;";
  assert.deepEqual(await found(repeatedAssignment, text), [
    "1 Column `c` is assigned twice: PostgreSQL refuses the statement",
  ]);
});
