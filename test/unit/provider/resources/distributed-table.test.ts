import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import type { DistributedTableInputs } from "../../../../architecture/data-plane/declaration";
import { renderProblem } from "../../../../common/problem";
import {
  type DistributedTableState,
  distributedTable,
  planDistributedTable,
} from "../../../../provider/resources/distributed-table";
import { matchesGolden } from "../../golden";

const orders: DistributedTableInputs = {
  schema: "shop",
  table: "orders",
  column: "tenant_id",
  placement: { colocateWith: "shop.tenants" },
  foreignKeys: [
    {
      name: "orders_tenant_id_fkey",
      columns: ["tenant_id"],
      references: { schema: "shop", table: "tenants", columns: ["tenant_id"] },
      actions: "",
    },
  ],
};
const tenants: DistributedTableInputs = { ...orders, table: "tenants", placement: { shardCount: 32 }, foreignKeys: [] };
const state = (inputs: DistributedTableInputs): DistributedTableState => ({ ...inputs, distributed: "yes" });

const refused = (old: DistributedTableInputs, next: DistributedTableInputs, ...allow: string[]) =>
  distributedTable.check?.(state(old), next, new Set(allow)) ?? [];

test("accepts a new table and an unchanged one", () => {
  assert.deepEqual(distributedTable.check?.(undefined, orders, new Set()), []);
  assert.deepEqual(refused(orders, orders), []);
});

const rewrites: readonly [string, DistributedTableInputs, DistributedTableInputs, RegExp][] = [
  [
    "distribution column",
    orders,
    { ...orders, column: "order_id" },
    /Changing the distribution column of shop\.orders rewrites every row/,
  ],
  [
    "number of shards",
    tenants,
    { ...tenants, placement: { shardCount: 64 } },
    /got: {6}64 shards of its own\n {2}expected: 32 shards/,
  ],
  [
    "co-location",
    orders,
    { ...orders, placement: { colocateWith: "shop.carts" } },
    /got: {6}beside shop\.carts\n {2}expected: beside shop\.tenants/,
  ],
];

for (const [what, old, next, expected] of rewrites) {
  test(`rejects another ${what} without its opt-in, and shows it as a rewrite with the opt-in`, () => {
    const problems = refused(old, next);
    assert.equal(problems.length, 1);
    assert.match(problems.map(renderProblem).join(), expected);
    assert.match(
      problems.map(renderProblem).join(),
      new RegExp(`add \`redistribute shop\\.${next.table}\` to tenantry:allow`),
    );
    assert.deepEqual(refused(old, next, `redistribute shop.${next.table}`), []);
    assert.equal(distributedTable.diff(state(old), next).length, 1);
    const [warning, statement] = distributedTable.preview(state(old), next);
    assert.equal(warning, `-- rewrites every row of shop.${next.table}:`);
    assert.match(statement ?? "", /^(SELECT| {2}PERFORM) alter_distributed_table\(/m);
  });
}

test("replaces a table under another name", () => {
  const renamed = { ...orders, table: "sales" };
  assert.deepEqual(distributedTable.diff(state(orders), renamed), [{ path: "table", how: "replace" }]);
  assert.deepEqual(refused(orders, renamed), []);
});

test("compares placement only with Citus", () => {
  const whole = { ...state(orders), distributed: "impossible" } as const;
  assert.deepEqual(distributedTable.diff(whole, { ...orders, column: "x" }), []);
  assert.deepEqual(distributedTable.diff({ ...whole, distributed: "missing" }, orders), [
    { path: "distributed", how: "update" },
  ]);
});

test("frees rows on the coordinator after distributing them", () => {
  const placement = {
    kind: "distributed",
    column: "tenant_id",
    shardCount: 32,
    group: ["shop.tenants", "shop.orders"],
  } as const;
  const found = { foreignKeys: [], partitioned: false, hasRows: true };
  const plan = planDistributedTable(orders, { ...found, placement: { ...placement, localRows: true } }, undefined);
  assert.deepEqual(plan.place, [{ sql: `SELECT truncate_local_data_after_distributing_table('"shop"."orders"')` }]);
  assert.deepEqual(
    planDistributedTable(orders, { ...found, placement: { ...placement, localRows: false } }, undefined).place,
    [],
  );
});

test("does not turn a reference table into a tenant table silently", () => {
  const found = {
    placement: { kind: "reference", localRows: false },
    foreignKeys: [],
    partitioned: false,
    hasRows: true,
  } as const;
  assert.throws(() => planDistributedTable(orders, found, undefined), /is a reference table in the database/);
});

test("shows in the preview the SQL that creates, changes and deletes a table", () => {
  const show = (title: string, lines: readonly string[]) => `-- # ${title}\n${lines.join("\n")}\n`;
  matchesGolden(
    join(__dirname, "../../../golden/provider/distributed-table.sql"),
    [
      show("make the tenants' table", distributedTable.preview(undefined, tenants)),
      show("make a table beside it", distributedTable.preview(undefined, orders)),
      show("another column", distributedTable.preview(state(orders), { ...orders, column: "customer_id" })),
      show(
        "another number of shards",
        distributedTable.preview(state(tenants), { ...tenants, placement: { shardCount: 64 } }),
      ),
      show("a foreign key is missing", distributedTable.preview({ ...state(orders), foreignKeys: [] }, orders)),
      show("delete", distributedTable.preview(state(orders), undefined)),
    ].join("\n"),
  );
});

test("rejects invalid inputs with the property's path", () => {
  const paths = (inputs: object) =>
    distributedTable.inputs.safeParse(inputs).error?.issues.map(({ path }) => path.join("."));
  assert.equal(paths(orders), undefined);
  assert.deepEqual(paths({ ...orders, schema: "", table: "t".repeat(64) }), ["schema", "table"]);
  assert.deepEqual(paths({ ...tenants, placement: { shardCount: 0 } }), ["placement.shardCount"]);
});
