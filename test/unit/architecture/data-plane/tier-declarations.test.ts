import assert from "node:assert/strict";
import test from "node:test";
import { dataPlane } from "../../../../architecture/data-plane/data-plane";
import { onlyCoordinator } from "../../../../architecture/data-plane/nodes";
import { externalSettings } from "../../external-settings";
import { parseShop } from "../shop";

const tiered = "{ tenant: true, partition: { by: at, every: 1 month }, tiers: { hot: 3 months, cold: 7 years } }";
const parent =
  "CREATE TABLE t (tenant_id uuid, at timestamptz, n int, PRIMARY KEY (tenant_id, at, n)) PARTITION BY RANGE (at);";
const child = `CREATE TABLE c (tenant_id uuid, at timestamptz, m int, n int, PRIMARY KEY (tenant_id, at, m),
  FOREIGN KEY (tenant_id, at, n) REFERENCES t (tenant_id, at, n)) PARTITION BY RANGE (at);`;

async function declared(sql: Readonly<Record<string, string>>, store?: object) {
  const tables = Object.keys(sql).map((file) => `${file.slice(4, 5)}: ${tiered}`);
  const application = await parseShop({ tables, sql });
  const settings = { ...externalSettings({ application: "shop" }), ...(store && { store: store as never }) };
  return dataPlane(application, [], settings, onlyCoordinator);
}

test("leaves the partitions of a tiered table to the lifecycle run only if the stack has a store", async () => {
  const sets = async (store?: object) =>
    (await declared({ "002_t.sql": parent }, store)).flatMap(({ noun, inputs }) =>
      noun === "PartitionSet" ? [inputs] : [],
    );
  const [without, withStore] = [await sets(), await sets({ folder: "/cold" })];
  assert.deepEqual([without[0]?.dropAfter, without[0]?.exportAfter], ["retention", undefined]);
  assert.deepEqual([withStore[0]?.dropAfter, withStore[0]?.exportAfter], ["export", { count: 3, unit: "month" }]);
});

test("rejects a foreign key to rows that age in a stack without a store", async () => {
  const sql = { "002_t.sql": parent, "003_c.sql": child };
  await assert.rejects(
    declared(sql),
    /Foreign key `c_tenant_id_at_n_fkey` of `c` keeps old rows of `t` in the database/,
  );
  assert.ok((await declared(sql, { folder: "/cold" })).length > 0);
});
