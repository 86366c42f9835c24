import assert from "node:assert/strict";
import test from "node:test";
import { lint } from "../../../../lint/lint";
import { undescribedTable } from "../../../../lint/rules/undescribed-table";
import { fixes, found } from "../shop-with";

const bad = `CREATE TABLE wishes (tenant_id uuid, wish_id uuid, PRIMARY KEY (tenant_id, wish_id));
CREATE TABLE copies AS SELECT 1 AS a;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(undescribedTable, bad), [
    "1 Table `wishes` is not in architecture.yaml: nothing says whose its rows are",
    "2 Table `copies` is not in architecture.yaml: nothing says whose its rows are",
  ]);
  assert.match((await fixes(undescribedTable, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      undescribedTable,
      `CREATE TEMP TABLE mine (a int);
CREATE TABLE orders_2020 PARTITION OF orders FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE gone (a int);
DROP TABLE gone;`,
    ),
    [],
  );
});

test("ignores SQL without a description", async () => {
  const sql = [{ path: "db/1.sql", text: "CREATE TABLE wishes (id int);" }];
  assert.deepEqual(lint({ name: "db", sql }, [undescribedTable]), []);
});
