import assert from "node:assert/strict";
import test from "node:test";
import { planPublication } from "../../../../provider/postgres/publication";

const wanted = { name: "tenantry_outbox", table: { schema: "tenantry", table: "outbox" }, columns: ["id", "payload"] };

const others = { ...wanted, isShared: true };
const sql = (found: Parameters<typeof planPublication>[1], of = wanted) =>
  planPublication(of, found).map((each) => each.sql);

test("creates a missing publication for inserts, by the root's name, with its columns", () => {
  assert.deepEqual(sql(undefined), [
    'CREATE PUBLICATION "tenantry_outbox" FOR TABLE "tenantry"."outbox" ("id", "payload")\n' +
      "WITH (publish = 'insert', publish_via_partition_root = true)",
  ]);
});

test("keeps a publication as declared, in any order of its columns", () => {
  assert.deepEqual(sql({ columns: ["payload", "id"], asDeclared: true }), []);
});

test("changes a different publication in place, so that slots continue", () => {
  const changed = [
    `ALTER PUBLICATION "tenantry_outbox" SET (publish = 'insert', publish_via_partition_root = true)`,
    'ALTER PUBLICATION "tenantry_outbox" SET TABLE "tenantry"."outbox" ("id", "payload")',
  ];
  assert.deepEqual(sql({ columns: ["id"], asDeclared: true }), changed);
  assert.deepEqual(sql({ columns: ["id", "payload"], asDeclared: false }), changed);
  assert.deepEqual(sql({ columns: undefined, asDeclared: true }), changed);
});

test("changes a shared publication for one outbox only, even if its rows are filtered", () => {
  const add = 'ALTER PUBLICATION "tenantry_outbox" ADD TABLE "tenantry"."outbox" ("id", "payload")';
  const drop = 'ALTER PUBLICATION "tenantry_outbox" DROP TABLE "tenantry"."outbox"';
  assert.deepEqual(sql({ columns: undefined, asDeclared: true }, others), [add]);
  assert.deepEqual(sql({ columns: [], asDeclared: true }, others), [drop, add]);
});
