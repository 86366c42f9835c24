import assert from "node:assert/strict";
import test from "node:test";
import { problemsOf } from "../shop";

const create =
  "CREATE TABLE t (tenant_id uuid, at timestamptz, n int, PRIMARY KEY (tenant_id, at, n)) PARTITION BY RANGE (at);";
const refers = create.replace(", PRIMARY", ", FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id), PRIMARY");

async function whatOf(tiers: string, sql = create): Promise<string[]> {
  const problems = await problemsOf({
    tables: [`t: { tenant: true, partition: { by: at, every: 1 month }, tiers: { ${tiers} } }`],
    sql: { "002_t.sql": sql },
  });
  return problems.map(({ what }) => what);
}

const ages = "hot: 1 month, warm: 1 year, cold: 7 years";

test("accepts each form of warm partitions", async () => {
  for (const compact of ["heap", "columnar", "{ tablespace: archive }"]) {
    assert.deepEqual(await whatOf(`${ages}, compact: ${compact}`), []);
  }
  assert.deepEqual(await whatOf(`${ages}, compact: heap, updates: true`), []);
});

test("rejects a form of warm partitions where no tier is warm", async () => {
  assert.deepEqual(await whatOf("hot: 1 year, cold: 7 years, compact: heap"), [
    "`tiers.compact` of `t` is about warm rows, and the table has no tier warm",
  ]);
});

test("rejects columnar partitions of a table whose warm rows are updated", async () => {
  assert.deepEqual(await whatOf(`${ages}, compact: columnar, updates: true`), [
    "Warm rows of `t` can't be columnar and updated: a columnar table takes inserts only",
  ]);
});

test("rejects columnar partitions of a table with a foreign key", async () => {
  assert.deepEqual(await whatOf(`${ages}, compact: columnar`, refers), [
    "Warm rows of `t` can't be columnar: a columnar table can't check a foreign key",
  ]);
});

test("rejects an unknown form of warm partitions", async () => {
  assert.equal((await whatOf(`${ages}, compact: brotli`)).length, 1);
});
