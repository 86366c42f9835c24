import assert from "node:assert/strict";
import test from "node:test";
import { problemsOf } from "../shop";

const create = "CREATE TABLE t (tenant_id uuid, at timestamptz, n int, PRIMARY KEY (tenant_id, at, n))";
const byRange = `${create} PARTITION BY RANGE (at);`;

async function whatOf(entry: string, sql = byRange): Promise<string[]> {
  const problems = await problemsOf({ tables: [`t: { tenant: true, ${entry} }`], sql: { "002_t.sql": sql } });
  return problems.map(({ what }) => what);
}

test("accepts a partition set on a timestamp or a date", async () => {
  assert.deepEqual(await whatOf("partition: { by: at, every: 1 month, retention: 2 years }"), []);
  assert.deepEqual(await whatOf("partition: { by: at, every: 1 day }", byRange.replace("timestamptz", "date")), []);
});

test("rejects a `partition.by` that is not a column, and suggests one", async () => {
  const [problem] = await problemsOf({
    tables: ["t: { tenant: true, partition: { by: aat, every: 1 day } }"],
    sql: { "002_t.sql": byRange },
  });
  assert.deepEqual(problem, {
    what: "`partition.by` of `t` is not one of its columns",
    got: "aat",
    expected: "`tenant_id`, `at`, `n`",
    fix: "Write `at`, if that is what you mean",
    at: {
      file: "sql/shop/architecture.yaml",
      line: 5,
      column: 35,
      text: "  t: { tenant: true, partition: { by: aat, every: 1 day } }",
    },
  });
});

test("rejects a `partition.by` that is not a time or a date", async () => {
  assert.deepEqual(await whatOf("partition: { by: n, every: 1 day }", byRange.replace("RANGE (at)", "RANGE (n)")), [
    "`partition.by` of `t` is not a time",
  ]);
});

test("requires PARTITION BY RANGE on the same column in the SQL", async () => {
  const expected = ["Table `t` is not partitioned as architecture.yaml says"];
  const entry = "partition: { by: at, every: 1 day }";
  assert.deepEqual(await whatOf(entry, `${create};`), expected);
  assert.deepEqual(await whatOf(entry, byRange.replace("RANGE", "LIST")), expected);
  assert.deepEqual(await whatOf(entry, byRange.replace("RANGE (at)", "RANGE (n)")), expected);
});

test("rejects a partitioned table without `partition`, because it would have no partitions", async () => {
  assert.deepEqual(await whatOf(""), [
    "Table `t` is partitioned, but architecture.yaml does not say so: nobody would make its partitions",
  ]);
});

test("rejects partitions that the SQL creates beside pg_partman's", async () => {
  const sql = `${byRange}
    CREATE TABLE t_rest PARTITION OF t DEFAULT;
    CREATE TABLE t_old (LIKE t);
    ALTER TABLE t ATTACH PARTITION t_old FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');`;
  assert.deepEqual(await whatOf("partition: { by: at, every: 1 day }", sql), [
    "Partition `t_rest` of `t` is made by hand, beside those that pg_partman makes",
    "Partition `t_old` of `t` is made by hand, beside those that pg_partman makes",
  ]);
});

test("rejects a partition set on a table that is not a tenant table", async () => {
  const problems = await problemsOf({
    tables: ["t: { local: true, partition: { by: at, every: 1 day } }"],
    sql: { "002_t.sql": "CREATE TABLE t (at date PRIMARY KEY) PARTITION BY RANGE (at);" },
  });
  assert.deepEqual(
    problems.map(({ what }) => what),
    ["`t` has a `partition`, but is no tenant table"],
  );
});

test("accepts a local table that is partitioned by hand", async () => {
  const sql =
    "CREATE TABLE t (a int PRIMARY KEY) PARTITION BY RANGE (a); CREATE TABLE t1 PARTITION OF t DEFAULT; ALTER TABLE t1 ADD b int; CREATE INDEX ON t1 (a);";
  const problems = await problemsOf({ tables: ["t: { local: true }"], sql: { "002_t.sql": sql } });
  assert.deepEqual(problems, []);
});

test("rejects a retention shorter than a partition", async () => {
  const expected = ["Rows of `t` would be dropped before their partition is full"];
  assert.deepEqual(await whatOf("partition: { by: at, every: 1 month, retention: 1 week }"), expected);
  assert.deepEqual(await whatOf("partition: { by: at, every: 1 month }, tiers: { cold: 1 week }"), expected);
});

test("rejects a tier that ends before the previous one", async () => {
  assert.deepEqual(
    await whatOf("partition: { by: at, every: 1 day }, tiers: { hot: 3 months, warm: 1 month, cold: 90 days }"),
    ["The tier `warm` of `t` ends before `hot` does"],
  );
});

test("rejects tiers without partitions, and tiers beside `retention`", async () => {
  assert.deepEqual(await whatOf("tiers: { cold: 1 year }", `${create};`), [
    "`t` has tiers, but no partitions that could move through them",
  ]);
  assert.deepEqual(await whatOf("partition: { by: at, every: 1 day, retention: 1 year }, tiers: { cold: 2 years }"), [
    "`t` says twice when its rows are dropped",
  ]);
});

test("rejects table names that pg_partman cannot handle", async () => {
  for (const name of ["it's", "a.b"]) {
    const problems = await problemsOf({
      tables: [`"${name}": { tenant: true, partition: { by: at, every: 1 day } }`],
      sql: { "002_t.sql": byRange.replace("TABLE t", `TABLE "${name}"`) },
    });
    assert.deepEqual(
      problems.map(({ what, got }) => [what, got]),
      [[`pg_partman cannot keep the partitions of \`${name}\``, `shop.${name}`]],
    );
  }
});

test("reports bad durations at their place, with the expected form", async () => {
  const [problem] = await problemsOf({
    tables: ["t: { tenant: true, partition: { by: at, every: 1 moon } }"],
    sql: { "002_t.sql": byRange },
  });
  assert.equal(problem?.what, "`tables.t.partition.every` cannot be read");
  assert.equal(problem?.got, '"1 moon"');
  assert.match(problem?.expected ?? "", /^a whole number and a unit/);
  assert.equal(problem?.at?.column, 50);
});

const long = "a_table_whose_name_is_as_long_as_a_name_may_be_for_it_";
const named = (name: string, every = "1 day") => ({
  entry: `${name}: { tenant: true, partition: { by: at, every: ${every} } }`,
  sql: byRange.replace("TABLE t ", `TABLE "${name}" `),
});

async function problemsOfNames(...tables: readonly ReturnType<typeof named>[]) {
  const files = tables.map(({ sql }, index) => [`00${index + 2}_t.sql`, sql] as const);
  return problemsOf({ tables: tables.map(({ entry }) => entry), sql: Object.fromEntries(files) });
}

test("rejects tables whose partitions would have the same names, with the length of their common part", async () => {
  const [problem, ...others] = await problemsOfNames(named(`${long}first`), named(`${long}second`));
  assert.deepEqual(others, []);
  assert.equal(
    problem?.what,
    `The partitions of \`${long}second\` and \`${long}first\` would have the same names: pg_partman cuts them`,
  );
  assert.equal(problem?.expected, "names that differ in their first 51 characters");
  assert.match(problem?.at?.file ?? "", /003_t\.sql$/);
});

test("accepts one long name, and long names that differ early enough", async () => {
  assert.deepEqual(await problemsOfNames(named(`${long}first`)), []);
  assert.deepEqual(await problemsOfNames(named(`${long}first`), named(`b${long}first`)), []);
});

test("rejects a name that leaves no room for the date, counted in bytes", async () => {
  const [problem] = await problemsOfNames(named("ä".repeat(28)));
  assert.equal(problem?.what, `The name of \`${"ä".repeat(28)}\` leaves no room for the date of a partition`);
  assert.match(problem?.got ?? "", /\(68 bytes\)$/);
  assert.deepEqual(await problemsOfNames(named("ä".repeat(25))), []);
});

test("rejects a table with the name of another table's partition", async () => {
  const sql = `${byRange} CREATE TABLE t_p2027_01_31 (tenant_id uuid, n int, PRIMARY KEY (tenant_id, n));`;
  const problems = await problemsOf({
    tables: ["t: { tenant: true, partition: { by: at, every: 1 day } }", "t_p2027_01_31: { tenant: true }"],
    sql: { "002_t.sql": sql },
  });
  assert.deepEqual(
    problems.map(({ what }) => what),
    ["`t_p2027_01_31` has the name of a partition of `t`, which could not be made then"],
  );
});

test("rejects partitions shorter than a day on times without a zone", async () => {
  const entry = "partition: { by: at, every: 6 hours }";
  const expected = ["The partitions of `t` are shorter than a day, and its times name no time zone"];
  assert.deepEqual(await whatOf(entry, byRange.replace("timestamptz", "timestamp")), expected);
  assert.deepEqual(await whatOf(entry, byRange.replace("timestamptz", "date")), expected);
  assert.deepEqual(await whatOf(entry), []);
});

test("rejects durations above the limit of PostgreSQL, Kafka or pg_partman, and names the limit", async () => {
  const expectedOf = async (entry: string) =>
    (await problemsOf({ tables: [`t: { tenant: true, ${entry} }`], sql: { "002_t.sql": byRange } })).map(
      ({ expected }) => expected,
    );
  assert.match((await expectedOf("partition: { by: at, retention: 99999999 years }"))[0] ?? "", /at most 1000 years/);
  assert.match((await expectedOf("partition: { by: at, every: 11 years }"))[0] ?? "", /at most 10 years/);
  assert.match(
    (await expectedOf("partition: { by: at, every: 1 day }, tiers: { cold: 1001 years }"))[0] ?? "",
    /at most/,
  );
  assert.deepEqual(await expectedOf("partition: { by: at, every: 10 years, retention: 1000 years }"), []);
});
