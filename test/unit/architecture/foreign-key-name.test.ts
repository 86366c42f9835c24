import assert from "node:assert/strict";
import test from "node:test";
import { foreignKeyName } from "../../../architecture/foreign-key-name";

test("a foreign key is named after its table and columns", () => {
  assert.equal(foreignKeyName("orders", ["tenant_id", "customer_id"], new Set()), "orders_tenant_id_customer_id_fkey");
});

test("a taken name gets a number", () => {
  const taken = new Set(["a_b_fkey", "a_b_fkey1"]);
  assert.equal(foreignKeyName("a", ["b"], taken), "a_b_fkey2");
});

test("long names are cut as PostgreSQL cuts them: the longer part first", () => {
  assert.equal(foreignKeyName("t", ["c".repeat(63)], new Set()), `t_${"c".repeat(56)}_fkey`);
  assert.equal(foreignKeyName("t".repeat(40), ["c".repeat(40)], new Set()), `${"t".repeat(29)}_${"c".repeat(28)}_fkey`);
});

test("a letter is never cut in two", () => {
  const name = foreignKeyName("é".repeat(40), ["c"], new Set());
  assert.ok(Buffer.byteLength(name) <= 63);
  assert.match(name, /^é+_c_fkey$/);
});
