import assert from "node:assert/strict";
import test from "node:test";
import { placesOf } from "../shop";

test("accepts SQL files with gaps in their numbers", async () => {
  assert.deepEqual(await placesOf({ sql: { "010_a.sql": "", "500_b-2.sql": "", "1000_c.sql": "" } }), []);
});

test("rejects a SQL file without a number", async () => {
  const what = "The SQL file's name does not say when it runs";
  assert.deepEqual(await placesOf({ sql: { "a.sql": "", "02_b.sql": "", "003_C D.sql": "" } }), [
    `a.sql ${what}`,
    `02_b.sql ${what}`,
    `003_C D.sql ${what}`,
  ]);
});

test("rejects two SQL files with the same number", async () => {
  assert.deepEqual(await placesOf({ sql: { "0001_again.sql": "" } }), [
    "0001_again.sql Two SQL files have the number 0001: `001_tenants.sql` and `0001_again.sql`",
  ]);
});
