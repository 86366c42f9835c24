import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { PartitionSetInputs } from "../../architecture/data-plane/declaration";
import { harmfulStatements } from "../../cli/preview/harmful-sql";
import { distributedTable } from "../../provider/resources/distributed-table";
import { partitionSet } from "../../provider/resources/partition-set";
import { lasting } from "../unit/lasting";
import { type DataPlaneDatabase, dataPlaneDatabase } from "./data-plane-database";
import { skip } from "./servers";

const kept: PartitionSetInputs = {
  schema: "ecommerce",
  table: "orders",
  by: "placed_at",
  every: lasting("1 month"),
  ahead: 3,
  retention: lasting("5 years"),
  dropAfter: "retention",
};
const exported: PartitionSetInputs = { ...kept, dropAfter: "export", exportAfter: lasting("2 years") };

/** Orders of the last 36 months, 100 in each. */
async function withOrders(t: TestContext): Promise<DataPlaneDatabase> {
  const plane = await dataPlaneDatabase();
  t.after(() => plane.close());
  await plane.admin.query(`CREATE TABLE ecommerce.orders (
    tenant_id uuid NOT NULL, id uuid NOT NULL, placed_at timestamptz NOT NULL, PRIMARY KEY (tenant_id, placed_at, id)
  ) PARTITION BY RANGE (placed_at)`);
  await distributedTable.create(plane.context, {
    schema: "ecommerce",
    table: "orders",
    column: "tenant_id",
    placement: { colocateWith: "ecommerce.tenants" },
    foreignKeys: [],
  });
  await partitionSet.create(plane.context, kept);
  for (let month = 36; month > 3; month--) {
    const at = `date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '${month} months'`;
    const { rows } = await plane.admin.query<{ make: string }>(
      `SELECT format('CREATE TABLE IF NOT EXISTS ecommerce.%I PARTITION OF ecommerce.orders FOR VALUES FROM (%L) TO (%L)',
         'orders_p' || to_char(${at}, 'YYYYMMDD'), ${at}, ${at} + interval '1 month') AS make`,
    );
    await plane.admin.query(rows[0]?.make ?? "");
  }
  const { rows } = await plane.admin.query<{ id: string }>("SELECT tenant_id AS id FROM ecommerce.tenants LIMIT 1");
  const tenant = rows[0]?.id ?? "00000000-0000-4000-8000-000000000001";
  if (!rows[0])
    await plane.admin.query("INSERT INTO ecommerce.tenants (tenant_id) VALUES ($1)", [tenant]).catch(() => {});
  await plane.admin.query(
    `INSERT INTO ecommerce.orders SELECT $1, gen_random_uuid(),
       date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - month * interval '1 month' + interval '3 days'
     FROM generate_series(4, 36) AS month, generate_series(1, 100)`,
    [tenant],
  );
  await plane.admin.query("ANALYZE ecommerce.orders");
  return plane;
}

test("a preview of changed tiers", { skip }, async (t) => {
  const plane = await withOrders(t);
  const read = plane.context.database.query.bind(plane.context.database);
  const said = async (old: PartitionSetInputs | undefined, next: PartitionSetInputs) => {
    const lines = await partitionSet.previewLive?.(read, old && { ...old, maintenance: "on" }, next);
    return (lines ?? []).filter((line) => line.startsWith("-- ")).join("\n");
  };

  await t.test("says how many rows and bytes the next run moves to the store", async () => {
    const lines = await said(kept, exported);
    // 36 to 25 months before this month: their partitions ended at least two years ago.
    assert.match(lines, /moves 12 partitions \(1,200 rows, [\d.]+ [KM]iB\) older than 2 years to the store/);
    assert.deepEqual(harmfulStatements([lines]), [], "moving destroys nothing");
  });

  await t.test("says how many rows a shorter retention drops", async () => {
    const lines = await said(kept, { ...kept, retention: lasting("1 year") });
    assert.match(
      lines,
      /-- 24 partitions \(2,400 rows, [\d.]+ [KM]iB\) older than 1 year are dropped in the next rounds/,
    );
    assert.equal(harmfulStatements([lines]).length, 2);
    assert.doesNotMatch(await said(kept, { ...kept, retention: lasting("9 years") }), /partition/);
  });

  await t.test("says nothing where only the partitions ahead change", async () => {
    assert.equal(await said(kept, { ...kept, ahead: 5 }), "");
  });

  await t.test("says what a shorter cold tier deletes from the store, less what is under a legal hold", async () => {
    await partitionSet.update(plane.context, "ecommerce.orders", { ...kept, maintenance: "on" }, exported);
    await plane.admin.query(`
      INSERT INTO tenantry.aged_partition (schema_name, table_name, starts_at, ends_at, partition_name, step)
      VALUES ('ecommerce', 'orders', now() - interval '4 years 1 month', now() - interval '4 years', 'old', 'dropped'),
        ('ecommerce', 'orders', now() - interval '2 years 2 months', now() - interval '2 years 1 month', 'newer', 'dropped');
      INSERT INTO tenantry.cold_file (key, schema_name, table_name, tenant, starts_at, ends_at, part, rows, bytes, sha256,
        row_checksum, columns)
      SELECT 'cold/' || tenant || partition_name, schema_name, table_name, tenant, starts_at, ends_at, 0, 1000, 1048576, '', 0, '[]'
      FROM tenantry.aged_partition, unnest(ARRAY['acme', 'globex', 'initech']) AS tenant;
      INSERT INTO tenantry.legal_hold (tenant, reason, held_by) VALUES ('initech', 'a lawsuit', 'somebody')`);
    const lines = await said(exported, { ...exported, retention: lasting("3 years") });
    assert.match(
      lines,
      /-- 2 files \(2,000 rows, 2 MiB\) older than 3 years are removed from the store by the next run/,
    );
    assert.match(lines, /-- 1 file \(1,000 rows, 1 MiB\) as old stay, because of a legal hold/);
  });

  await t.test("says which files nobody would delete or find without the store", async () => {
    const lines = await said(exported, kept);
    assert.match(lines, /-- 6 files \(6,000 rows, 6 MiB\) in the store would be lost from sight/);
    assert.equal(harmfulStatements([lines]).length, 1);
  });
});
