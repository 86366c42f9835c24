import assert from "node:assert/strict";
import test from "node:test";
import { partitionSet } from "../../provider/resources/partition-set";
import { visits, withDatabase } from "./partition-database";
import { skip } from "./servers";

test("gives other partition names to tables whose names pg_partman would cut to the same name, or rejects them", {
  skip,
}, async (t) => {
  const plane = await withDatabase(t);
  const long = "a_table_whose_name_is_as_long_as_a_name_may_be_for_it_";
  for (const end of ["first", "second", "third"]) {
    await plane.admin.query(`CREATE TABLE ecommerce.${long}${end} (at timestamptz NOT NULL) PARTITION BY RANGE (at)`);
  }
  await partitionSet.create(plane.context, { ...visits, table: `${long}first` });
  await partitionSet.create(plane.context, { ...visits, table: `${long}second` });
  await plane.admin.query(`INSERT INTO ecommerce.${long}second SELECT now()`);
  await assert.rejects(
    partitionSet.create(plane.context, { ...visits, table: `${long}third` }),
    /cannot be made: .* has its name.*Rename that table/s,
  );
  const { rows } = await plane.admin.query("SELECT parent_table FROM partman.part_config ORDER BY 1");
  assert.deepEqual(rows, [{ parent_table: `ecommerce.${long}first` }, { parent_table: `ecommerce.${long}second` }]);
  const { rowCount } = await plane.admin.query(
    `SELECT FROM pg_inherits WHERE inhparent = 'ecommerce.${long}third'::regclass`,
  );
  assert.equal(rowCount, 0);
});

test("keeps a template table that two sets share until neither needs it", { skip }, async (t) => {
  const plane = await withDatabase(t);
  const long = "a_table_whose_name_is_as_long_as_a_name_may_be";
  for (const end of ["1", "2"]) {
    await plane.admin.query(`CREATE TABLE ecommerce.${long}${end} (at timestamptz NOT NULL) PARTITION BY RANGE (at)`);
  }
  const first = await partitionSet.create(plane.context, { ...visits, table: `${long}1` });
  const second = await partitionSet.create(plane.context, { ...visits, table: `${long}2` });
  await partitionSet.delete(plane.context, first.id, first.state);
  const next = { ...visits, table: `${long}2`, ahead: 9 };
  await partitionSet.update(plane.context, second.id, second.state, next);
  await partitionSet.delete(plane.context, second.id, { ...next, maintenance: "on" });
  const { rowCount } = await plane.admin.query("SELECT FROM pg_class WHERE relname LIKE 'template%'");
  assert.equal(rowCount, 0);
});
