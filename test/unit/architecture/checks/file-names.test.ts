import assert from "node:assert/strict";
import test from "node:test";
import { placesOf } from "../shop";

test("SQL files may leave numbers out", async () => {
  assert.deepEqual(await placesOf({ sql: { "010_a.sql": "", "500_b-2.sql": "", "1000_c.sql": "" } }), []);
});

test("a SQL file without a number is refused", async () => {
  const what = "The SQL file's name does not say when it runs";
  assert.deepEqual(await placesOf({ sql: { "a.sql": "", "02_b.sql": "", "003_C D.sql": "" } }), [
    `a.sql ${what}`,
    `02_b.sql ${what}`,
    `003_C D.sql ${what}`,
  ]);
});

test("two SQL files with one number are refused", async () => {
  assert.deepEqual(await placesOf({ sql: { "0001_again.sql": "" } }), [
    "0001_again.sql Two SQL files have the number 0001: `001_tenants.sql` and `0001_again.sql`",
  ]);
});
