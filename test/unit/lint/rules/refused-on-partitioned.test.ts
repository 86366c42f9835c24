import assert from "node:assert/strict";
import test from "node:test";
import { refusalsUnless } from "../../../../lint/file-refusals";
import { addForeignKey } from "../../../../lint/rules/add-foreign-key";
import { addUniqueConstraint } from "../../../../lint/rules/add-unique-constraint";
import { createIndexConcurrently } from "../../../../lint/rules/create-index-concurrently";
import { detachPartition } from "../../../../lint/rules/detach-partition";
import { refusedOnPartitioned } from "../../../../lint/rules/refused-on-partitioned";
import { fixes, found } from "../shop-with";

const bad = `CREATE UNIQUE INDEX i ON orders (tenant_id, placed_at, total);
ALTER TABLE orders ADD CONSTRAINT one UNIQUE USING INDEX i;
ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id) NOT VALID;
CREATE INDEX CONCURRENTLY j ON ONLY orders (tenant_id);
DROP INDEX CONCURRENTLY j;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(refusedOnPartitioned, bad), [
    "2 PostgreSQL refuses UNIQUE and PRIMARY KEY USING INDEX on `orders`, which is partitioned",
    "3 PostgreSQL refuses FOREIGN KEY … NOT VALID on `orders`, which is partitioned",
    "4 PostgreSQL refuses CREATE INDEX CONCURRENTLY ON ONLY on `orders`, which is partitioned",
    "5 PostgreSQL refuses DROP INDEX CONCURRENTLY on `orders`, which is partitioned",
  ]);
  assert.match((await fixes(refusedOnPartitioned, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  const good = `CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON orders (tenant_id, placed_at, total);
ALTER TABLE customers ADD CONSTRAINT one UNIQUE USING INDEX i;
ALTER TABLE customers ADD CONSTRAINT f FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID;
DROP INDEX CONCURRENTLY customers_by_name;`;
  assert.deepEqual(await found(refusedOnPartitioned, good), []);
});

test("makes other rules suggest a fix that works on a partitioned table, and on Citus", async () => {
  const advice: [Parameters<typeof fixes>[0], string, RegExp][] = [
    [
      addUniqueConstraint,
      "ALTER TABLE orders ADD UNIQUE (tenant_id, placed_at, total);",
      /CREATE UNIQUE INDEX CONCURRENTLY .* `up`/,
    ],
    [addUniqueConstraint, "ALTER TABLE customers ADD UNIQUE (tenant_id, name);", /then ADD CONSTRAINT … USING INDEX/],
    [
      addForeignKey,
      "ALTER TABLE orders ADD FOREIGN KEY (tenant_id) REFERENCES tenants;",
      /add it to each partition with NOT VALID/,
    ],
    [addForeignKey, "ALTER TABLE customers ADD FOREIGN KEY (tenant_id) REFERENCES tenants;", /^Add it with NOT VALID/],
    [createIndexConcurrently, "CREATE INDEX i ON orders (tenant_id, total);", /partition by partition/],
    [detachPartition, "ALTER TABLE orders DETACH PARTITION orders_2020;", /^Citus refuses CONCURRENTLY/],
  ];
  for (const [rule, text, way] of advice) {
    assert.match((await fixes(rule, text)).join(), way);
  }
});

test("makes preview refuse it, with the fix", () => {
  const yaml =
    "tenant: { table: tenants }\ntables:\n  orders: { tenant: true, partition: { by: at, every: 1 month } }\n";
  const sql = [
    `CREATE TABLE tenants (tenant_id uuid PRIMARY KEY);
CREATE TABLE orders (tenant_id uuid, at timestamptz, PRIMARY KEY (tenant_id, at)) PARTITION BY RANGE (at);`,
    "ALTER TABLE orders ADD FOREIGN KEY (tenant_id) REFERENCES tenants NOT VALID;",
  ].map((text, index) => ({ path: `sql/shop/0${index + 1}0_x.sql`, text }));
  const [problem, ...others] = refusalsUnless([])("shop", { path: "sql/shop/architecture.yaml", text: yaml }, sql, []);
  assert.deepEqual(others, []);
  assert.match(problem?.what ?? "", /FOREIGN KEY … NOT VALID on `orders`/);
  assert.match(problem?.fix ?? "", /^In a DO block, add it to each partition/);
});
