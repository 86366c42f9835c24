import assert from "node:assert/strict";
import test from "node:test";
import type { ForeignKey } from "../../../../architecture/application";
import { foreignKeysDiffer, planForeignKeys, sameForeignKey } from "../../../../provider/postgres/live-foreign-keys";

const name = { schema: "shop", table: "orders" };
const key: ForeignKey = {
  name: "orders_fk",
  columns: ["tenant_id", "customer_id"],
  references: { schema: "shop", table: "customers", columns: ["tenant_id", "customer_id"] },
  actions: "ON DELETE CASCADE",
};
const empty = { partitioned: false, hasRows: false };
const sql = (statements: readonly { sql: string }[]) => statements.map((statement) => statement.sql);

test("adds a missing foreign key", () => {
  const { add, validate } = planForeignKeys(name, [], [key], empty);
  assert.deepEqual(sql(add), [
    'ALTER TABLE "shop"."orders" ADD CONSTRAINT "orders_fk" FOREIGN KEY ("tenant_id", "customer_id") REFERENCES "shop"."customers" ("tenant_id", "customer_id") ON DELETE CASCADE',
  ]);
  assert.deepEqual(validate, []);
});

test("validates existing rows in a second step, which does not block writers", () => {
  const { add, validate } = planForeignKeys(name, [], [key], { ...empty, hasRows: true });
  assert.match(sql(add).join(), / NOT VALID$/);
  assert.deepEqual(sql(validate), ['ALTER TABLE "shop"."orders" VALIDATE CONSTRAINT "orders_fk"']);
});

test("adds the foreign key of a partitioned table in one step, because PostgreSQL has no other", () => {
  const { add, validate } = planForeignKeys(name, [], [key], { partitioned: true, hasRows: true });
  assert.doesNotMatch(sql(add).join(), /NOT VALID/);
  assert.deepEqual(validate, []);
});

test("keeps an existing foreign key, and validates one that a killed run left unvalidated", () => {
  const found = { ...key, validated: true };
  assert.deepEqual(planForeignKeys(name, [found], [key], empty), { add: [], validate: [] });
  const { add, validate } = planForeignKeys(name, [{ ...found, validated: false }], [key], empty);
  assert.deepEqual(add, []);
  assert.equal(validate.length, 1);
});

test("replaces a foreign key with another definition", () => {
  const { add } = planForeignKeys(name, [{ ...key, actions: "", validated: true }], [key], empty);
  assert.deepEqual(
    sql(add).map((line) => line.split('"orders" ')[1]?.slice(0, 15)),
    ["DROP CONSTRAINT", "ADD CONSTRAINT "],
  );
});

const equal: readonly [string, string][] = [
  ["", "ON DELETE NO ACTION"],
  ["on delete cascade  on update restrict", "ON UPDATE RESTRICT ON DELETE CASCADE"],
  ["NOT DEFERRABLE INITIALLY IMMEDIATE", ""],
  ["INITIALLY DEFERRED", "DEFERRABLE INITIALLY DEFERRED"],
  ["MATCH SIMPLE", ""],
];

for (const [a, b] of equal) {
  test(`"${a}" means the same as "${b}"`, () => {
    assert.ok(sameForeignKey({ ...key, actions: a }, { ...key, actions: b }));
  });
}

const different: readonly [string, string][] = [
  ["", "ON DELETE CASCADE"],
  ["ON DELETE SET NULL", "ON DELETE SET NULL (customer_id)"],
  ["", "DEFERRABLE"],
  ["DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED"],
  ["", "MATCH FULL"],
];

for (const [a, b] of different) {
  test(`"${a}" does not mean "${b}"`, () => {
    assert.ok(!sameForeignKey({ ...key, actions: a }, { ...key, actions: b }));
  });
}

test("ignores undeclared foreign keys, because a later file may have added or dropped them", () => {
  assert.ok(!foreignKeysDiffer([key, { ...key, name: "other" }], [key]));
  assert.ok(foreignKeysDiffer([], [key]));
});
