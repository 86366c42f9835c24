import assert from "node:assert/strict";
import test from "node:test";
import { listNames, suggest } from "../../../common/suggestion";

test("suggests a name with a letter missing, swapped, or in the wrong case", () => {
  const names = ["orders", "order_items", "customers"];
  assert.equal(suggest("order", names), "orders");
  assert.equal(suggest("odrers", names), "orders");
  assert.equal(suggest("Customers", names), "customers");
});

test("suggests nothing if no name is near", () => {
  assert.equal(suggest("invoices", ["orders", "customers"]), undefined);
  assert.equal(suggest("a", []), undefined);
});

test("lists names in backticks", () => {
  assert.equal(listNames(["a", "b"]), "`a`, `b`");
  assert.equal(listNames([]), "none");
});
