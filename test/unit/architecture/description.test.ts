import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { complete, standardDefaults } from "../../../architecture/defaults";
import { descriptionJsonSchema, descriptionSchema } from "../../../architecture/description";

test("the JSON Schema for editors matches the validator", () => {
  const file = join(__dirname, "..", "..", "..", "architecture", "architecture.schema.json");
  const schema = descriptionJsonSchema();
  // The formatter has the last word on the file's text.
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, JSON.stringify(schema));
  const committed: unknown = JSON.parse(readFileSync(file, "utf8"));
  assert.deepEqual(schema, committed, "run with UPDATE_GOLDEN=1, then make fmt");
});

test("requires only the tenant root and the tables in a description", () => {
  assert.deepEqual(descriptionSchema.parse({ tenant: { table: "tenants" }, tables: {} }), {
    tenant: { table: "tenants", column: "tenant_id", type: "uuid" },
    tables: {},
    events: { retention: { count: 3, unit: "day" }, maxPayload: { bytes: 8192 }, aggregates: {} },
    cold: {
      openRequests: 5,
      rowsPerDay: 10_000_000,
      bytesPerDay: { bytes: 10 * 2 ** 30 },
      keep: { count: 3, unit: "day" },
    },
    roles: {},
  });
});

test("by default a topic has six partitions and keeps a week, and a table has monthly partitions", () => {
  const parsed = descriptionSchema.parse({
    tenant: { table: "tenants" },
    tables: { orders: { tenant: true, partition: { by: "placed_at" } } },
    events: { aggregates: { order: {}, payment: { partitions: 12, retention: "2 weeks" } } },
  });
  const { tables, events } = complete(parsed, standardDefaults);
  assert.deepEqual(tables.orders?.partition?.every, { count: 1, unit: "month" });
  assert.deepEqual(events.aggregates, {
    order: { partitions: 6, retention: { count: 7, unit: "day" } },
    payment: { partitions: 12, retention: { count: 2, unit: "week" } },
  });
});
