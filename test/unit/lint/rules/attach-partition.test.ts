import assert from "node:assert/strict";
import test from "node:test";
import { loadSqlParser } from "../../../../architecture/sql/sql-parser";
import { lint } from "../../../../lint/lint";
import { attachPartition } from "../../../../lint/rules/attach-partition";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE orders ATTACH PARTITION orders_2020 FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(attachPartition, bad), [
    "1 Attaching `orders_2020` to `orders` reads all its rows under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile",
  ]);
  assert.match((await fixes(attachPartition, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      attachPartition,
      `CREATE TABLE orders_2020 (LIKE orders INCLUDING ALL);
ALTER TABLE orders ATTACH PARTITION orders_2020 FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');`,
    ),
    [],
  );
});

const attach = "ALTER TABLE orders ATTACH PARTITION old FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');";

async function withCheck(check: string, attached = attach) {
  await loadSqlParser();
  const yaml =
    "tenant: { table: tenants }\ntables:\n  orders: { tenant: true, partition: { by: at, every: 1 month } }\n";
  const sql = [
    `CREATE TABLE tenants (tenant_id uuid PRIMARY KEY);
CREATE TABLE orders (tenant_id uuid, at timestamptz, PRIMARY KEY (tenant_id, at)) PARTITION BY RANGE (at);
CREATE TABLE old (tenant_id uuid, at timestamptz);`,
    `ALTER TABLE old ADD CONSTRAINT c CHECK (${check}) NOT VALID;`,
    "ALTER TABLE old VALIDATE CONSTRAINT c;",
    attached,
  ].map((text, index) => ({ path: `sql/shop/0${index + 1}0_x.sql`, text }));
  return lint({ name: "shop", yaml: { path: "sql/shop/architecture.yaml", text: yaml }, sql }, [attachPartition])
    .length;
}

test("accepts a table whose validated CHECK implies the bounds", async () => {
  assert.equal(await withCheck("at IS NOT NULL AND at >= '2020-01-01' AND at < '2021-01-01'"), 0);
});

test("reports a CHECK that lacks one of the bounds or admits NULL, and the default partition", async () => {
  assert.equal(await withCheck("at IS NOT NULL AND at >= '2020-01-01'"), 1);
  assert.equal(await withCheck("at >= '2020-01-01' AND at < '2021-01-01'"), 1);
  assert.equal(await withCheck("at IS NOT NULL", "ALTER TABLE orders ATTACH PARTITION old DEFAULT;"), 1);
});
