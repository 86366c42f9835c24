import assert from "node:assert/strict";
import test from "node:test";
import { listNames, suggest } from "../../../common/suggestion";

test("a near name is suggested: a letter missing, swapped, or in the wrong case", () => {
  const names = ["orders", "order_items", "customers"];
  assert.equal(suggest("order", names), "orders");
  assert.equal(suggest("odrers", names), "orders");
  assert.equal(suggest("Customers", names), "customers");
});

test("nothing is suggested when nothing is near", () => {
  assert.equal(suggest("invoices", ["orders", "customers"]), undefined);
  assert.equal(suggest("a", []), undefined);
});

test("names are listed in backticks", () => {
  assert.equal(listNames(["a", "b"]), "`a`, `b`");
  assert.equal(listNames([]), "none");
});
