import assert from "node:assert/strict";
import test from "node:test";
import type { Reader } from "../../provider/postgres/sql-statements";
import { startPostgres } from "./postgres-fixture";
import { skip } from "./servers";

/** Finds tables of these names by one query each, so the later queries run after the commit. */
const lookFor =
  (...names: readonly string[]) =>
  async (read: Reader): Promise<readonly string[]> => {
    const there: string[] = [];
    for (const name of names) {
      const [row] = await read<{ there: boolean }>("SELECT to_regclass($1) IS NOT NULL AS there", [name]);
      if (row?.there) there.push(name);
    }
    return there;
  };

test("creates missing tables, and reads the state in several queries afterwards", { skip }, async (t) => {
  const { open } = await startPostgres(t);
  const database = open();
  const seen: (readonly string[])[] = [];
  const settle = () =>
    database.settle(lookFor("one", "two", "three"), (found) => {
      seen.push(found);
      return ["one", "two"].filter((name) => !found.includes(name)).map((name) => ({ sql: `CREATE TABLE ${name} ()` }));
    });
  assert.deepEqual(await settle(), ["one", "two"]);
  assert.deepEqual(await settle(), ["one", "two"]);
  assert.deepEqual(seen, [[], ["one", "two"]]);
});

test("shares only the connection between changes that follow each other without waiting", { skip }, async (t) => {
  const { open } = await startPostgres(t);
  const database = open();
  const make = (name: string, ...more: readonly string[]) =>
    database.settle(lookFor(name), () => [`CREATE TABLE ${name} ()`, ...more].map((sql) => ({ sql })));
  const outcomes = await Promise.allSettled([
    make("one"),
    make("two", "SELECT 1 / 0", "SELECT missing"),
    make("three"),
    make(
      "four",
      "CREATE TABLE keyed (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)",
      "INSERT INTO keyed VALUES (1), (1)",
    ),
    database.settle(lookFor("five"), () => {
      throw new Error("no plan");
    }),
    database.transaction((client) => client.query("CREATE TABLE six ()")),
    make("seven"),
  ]);
  const reasons = outcomes.map((outcome) => (outcome.status === "rejected" ? String(outcome.reason.message) : ""));
  assert.match(reasons[1] ?? "", /division by zero[\s\S]*in: SELECT 1 \/ 0/);
  assert.match(reasons[3] ?? "", /keyed_id_key/);
  assert.equal(reasons[4], "no plan");
  assert.deepEqual(
    [0, 2, 5, 6].map((index) => reasons[index]),
    ["", "", "", ""],
  );
  const all = ["one", "two", "three", "four", "five", "six", "seven"];
  assert.deepEqual(await database.settle(lookFor(...all), () => []), ["one", "three", "six", "seven"]);
});

test("lets other changes run before a repeated one", { skip }, async (t) => {
  const { open, logged } = await startPostgres(t);
  const database = open();
  const order: string[] = [];
  let runs = 0;
  const repeated = database.settle(lookFor(), () => {
    order.push(`repeated ${++runs}`);
    return runs === 1 ? [{ sql: "DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '40P01'; END $$" }] : [];
  });
  const other = database.transaction(async () => void order.push("other"));
  await Promise.all([repeated, other]);
  assert.deepEqual(order, ["repeated 1", "other", "repeated 2"]);
  assert.match(logged.join(), /trying again/);
});
