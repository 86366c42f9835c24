import assert from "node:assert/strict";
import test from "node:test";
import { problemsOf } from "../shop";

const create = "CREATE TABLE t (tenant_id uuid, at timestamptz, n int, PRIMARY KEY (tenant_id, at, n))";
const byRange = `${create} PARTITION BY RANGE (at);`;
const monthly = "partition: { by: at, every: 1 month }";
const tiered = `${monthly}, tiers: { hot: 3 months, cold: 7 years }`;

async function whatOf(entry: string, sql = byRange): Promise<string[]> {
  const problems = await problemsOf({ tables: [`t: { tenant: true, ${entry} }`], sql: { "002_t.sql": sql } });
  return problems.map(({ what }) => what);
}

test("rejects a tier that is shorter than a partition", async () => {
  assert.deepEqual(await whatOf(`${monthly}, tiers: { hot: 3 weeks, cold: 7 years }`), [
    "Rows of `t` would leave the tier `hot` before their partition is full",
  ]);
  assert.deepEqual(await whatOf(`${monthly}, tiers: { hot: 1 week, warm: 2 weeks, cold: 7 years }`), [
    "Rows of `t` would leave the tier `hot` before their partition is full",
    "Rows of `t` would leave the tier `warm` before their partition is full",
  ]);
});

test("rejects rows that leave the database before the topics and the outbox drop the events about them", async () => {
  const events = (retention: string) => ["events:", `  aggregates: { order: { retention: ${retention} } }`];
  const daily = "t: { tenant: true, partition: { by: at, every: 1 day }, tiers: { hot: 8 days, cold: 7 years } }";
  const problems = (retention: string) =>
    problemsOf({ tables: [daily], yaml: events(retention), sql: { "002_t.sql": byRange } });
  assert.deepEqual(
    (await problems("14 days")).map(({ what, got, expected }) => ({ what, got, expected })),
    [
      {
        what: "Rows of `t` would leave the database before the events about them end",
        got: "tiers 8 days, aggregate `order` 14 days",
        expected: "at least 14 days: a consumer may look up an event's row",
      },
    ],
  );
  assert.deepEqual(await problems("7 days"), []);
});

test("rejects columns that the readers of files would confuse", async () => {
  assert.deepEqual(await whatOf(tiered, byRange.replace("n int,", 'n int, "N" int, "Period" int,')), [
    "Column `N` of `t` can't be kept in files: their readers take it and `n` for one",
    "Column `Period` of `t` can't be kept in files: their folders have a column `period`",
  ]);
});

const child = `CREATE TABLE c (tenant_id uuid, at timestamptz, m int, n int, made timestamptz NOT NULL, PRIMARY KEY (tenant_id, at, m),
  FOREIGN KEY (tenant_id, at, n) REFERENCES t (tenant_id, at, n)) PARTITION BY RANGE (at);`;

async function agingOf(entry: string, sql = child): Promise<string[]> {
  const problems = await problemsOf({
    tables: [`t: { tenant: true, ${tiered} }`, `c: { tenant: true, ${entry} }`],
    sql: { "002_t.sql": byRange, "003_c.sql": sql },
  });
  return problems.map(({ what }) => what);
}

test("accepts a foreign key between tables whose rows leave the database together", async () => {
  assert.deepEqual(await agingOf(tiered), []);
  assert.deepEqual(await agingOf(`${monthly}, tiers: { hot: 1 month, warm: 3 months, cold: 1 year }`), []);
});

test("rejects a foreign key to rows that leave the database earlier or later", async () => {
  const expected = ["Rows of `c` and the rows of `t` that they refer to would not leave the database together"];
  assert.deepEqual(await agingOf(`${monthly}, tiers: { hot: 2 months, cold: 7 years }`), expected);
  assert.deepEqual(await agingOf(`${monthly}, tiers: { hot: 4 months, cold: 7 years }`), expected);
  assert.deepEqual(
    await agingOf("partition: { by: at, every: 1 week }, tiers: { hot: 3 months, cold: 7 years }"),
    expected,
  );
  assert.deepEqual(await agingOf(`${monthly}, tiers: { cold: 7 years }`), expected);
  assert.deepEqual(await agingOf(monthly), expected);
  const unpartitioned = child.replace(" PARTITION BY RANGE (at)", "");
  assert.deepEqual(await agingOf("", unpartitioned).then((all) => all), expected);
  const byOther = child
    .replace("RANGE (at)", "RANGE (made)")
    .replace("PRIMARY KEY (tenant_id, at, m)", "PRIMARY KEY (tenant_id, made, m)");
  assert.deepEqual(await agingOf(tiered.replace("by: at", "by: made"), byOther), expected);
});
