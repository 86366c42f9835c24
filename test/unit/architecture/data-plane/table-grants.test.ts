import assert from "node:assert/strict";
import test from "node:test";
import type { ReferenceTable } from "../../../../architecture/application";
import {
  outboxGrants,
  processedEventsGrants,
  referenceTableGrants,
  writableTableGrants,
} from "../../../../architecture/data-plane/table-grants";
import { parseShop } from "../shop";

async function shop() {
  return parseShop({
    yaml: [
      "roles:",
      "  writer: { writes: [tenants] }",
      "  app: { writes: all }",
      "  agent: { reads: [tenants] }",
      "  reader: { reads: all }",
    ],
  });
}

test("roles that write a tenant table may read it too, and are sorted by name", async () => {
  const grants = writableTableGrants(await shop(), "tenants");
  assert.deepEqual(Object.entries(grants), [
    ["shop_agent", ["SELECT"]],
    ["shop_app", ["SELECT", "INSERT", "UPDATE", "DELETE"]],
    ["shop_reader", ["SELECT"]],
    ["shop_writer", ["SELECT", "INSERT", "UPDATE", "DELETE"]],
  ]);
});

const countries: ReferenceTable = {
  ...{ kind: "reference", schema: "shop", name: "countries", file: "", primaryKey: [], foreignKeys: [] },
};

test("a role that writes everything may only read reference tables", async () => {
  assert.deepEqual(referenceTableGrants(await shop(), countries), {
    shop_app: ["SELECT"],
    shop_reader: ["SELECT"],
  });
});

test("roles that write everything, or name a shared table, may write it", async () => {
  assert.deepEqual(referenceTableGrants(await shop(), { ...countries, shared: true }), {
    shop_app: ["SELECT", "INSERT", "UPDATE", "DELETE"],
    shop_reader: ["SELECT"],
  });
});

test("roles that write anything may add events, but not change or delete them", async () => {
  assert.deepEqual(outboxGrants(await shop()), {
    shop_app: ["SELECT", "INSERT"],
    shop_writer: ["SELECT", "INSERT"],
  });
});

test("roles that write anything may add and delete processed events", async () => {
  assert.deepEqual(processedEventsGrants(await shop()), {
    shop_app: ["SELECT", "INSERT", "DELETE"],
    shop_writer: ["SELECT", "INSERT", "DELETE"],
  });
});
