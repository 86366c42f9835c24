import assert from "node:assert/strict";
import test from "node:test";
import type { DistributedTableInputs } from "../../../../architecture/data-plane/declaration";
import { distribute, placementAsInputs, redistribute } from "../../../../provider/citus/shard-placement";

const tenants: DistributedTableInputs = {
  schema: "shop",
  table: "tenants",
  column: "tenant_id",
  placement: { shardCount: 32 },
  foreignKeys: [],
};
const orders: DistributedTableInputs = { ...tenants, table: "orders", placement: { colocateWith: "shop.tenants" } };
const found = {
  kind: "distributed",
  column: "tenant_id",
  shardCount: 32,
  group: ["shop.tenants", "shop.orders"],
  localRows: false,
} as const;

test("starts a co-location group with the tenants' table, and adds the others to it", () => {
  assert.equal(
    distribute(tenants).sql,
    `SELECT create_distributed_table('"shop"."tenants"', 'tenant_id', shard_count => 32, colocate_with => 'none')`,
  );
  assert.equal(
    distribute(orders).sql,
    `SELECT create_distributed_table('"shop"."orders"', 'tenant_id', colocate_with => '"shop"."tenants"')`,
  );
});

test("quotes names twice, as an identifier and as a literal", () => {
  const odd = { ...orders, table: `it's "odd"`, column: "Tenant's" };
  assert.match(distribute(odd).sql, /'"shop"\."it''s ""odd"""', 'Tenant''s'/);
});

test("keeps a placement that matches the declaration, even after splits added shards", () => {
  assert.equal(placementAsInputs(tenants, { ...found, shardCount: 34 }, tenants.placement), tenants.placement);
  assert.equal(placementAsInputs(orders, found, orders.placement), orders.placement);
});

test("does not identify the first table of a group by age, because a redistribution recreates all tables", () => {
  const anew = { ...found, group: ["shop.orders", "shop.tenants"] };
  assert.equal(placementAsInputs(tenants, anew, tenants.placement), tenants.placement);
});

test("starts a group with a table that leaves its own", () => {
  const alone = { ...orders, placement: { shardCount: 8 } };
  assert.deepEqual(
    redistribute(alone, found, orders.placement).map(({ sql }) => sql),
    [
      `SELECT alter_distributed_table('"shop"."orders"', shard_count => 8, colocate_with => 'none', cascade_to_colocated => false)`,
    ],
  );
});

test("names another group by its oldest table", () => {
  const other = { ...found, group: ["shop.audit", "shop.orders"] };
  assert.deepEqual(placementAsInputs(orders, other, orders.placement), { colocateWith: "shop.audit" });
  assert.deepEqual(placementAsInputs(orders, { ...found, group: ["shop.orders"] }, orders.placement), {
    shardCount: 32,
  });
});

test("changes the number of shards for the whole group", () => {
  const next = { ...tenants, placement: { shardCount: 64 } };
  const [statement, ...more] = redistribute(next, found, tenants.placement);
  const change = `alter_distributed_table('"shop"."tenants"', shard_count => 64, cascade_to_colocated => true)`;
  assert.ok(statement?.sql.includes(change));
  assert.deepEqual(more, []);
});

test("changes column and group one after the other", () => {
  const away = { ...found, column: "order_id", group: ["shop.orders"] };
  assert.deepEqual(
    redistribute(orders, away, { shardCount: 32 }).map(({ sql }) => sql),
    [
      `SELECT alter_distributed_table('"shop"."orders"', distribution_column => 'tenant_id')`,
      `SELECT alter_distributed_table('"shop"."orders"', colocate_with => '"shop"."tenants"', cascade_to_colocated => false)`,
    ],
  );
});
