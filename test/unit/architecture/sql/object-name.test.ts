import assert from "node:assert/strict";
import test from "node:test";
import { chosenName } from "../../../../architecture/sql/object-name";

test("names a foreign key after its table and columns", () => {
  assert.equal(
    chosenName("orders", ["tenant_id", "customer_id"], "fkey", new Set()),
    "orders_tenant_id_customer_id_fkey",
  );
});

test("appends a number to a name that is taken", () => {
  const taken = new Set(["a_b_fkey", "a_b_fkey1"]);
  assert.equal(chosenName("a", ["b"], "fkey", taken), "a_b_fkey2");
});

test("cuts long names as PostgreSQL does: the longer part first", () => {
  assert.equal(chosenName("t", ["c".repeat(63)], "fkey", new Set()), `t_${"c".repeat(56)}_fkey`);
  assert.equal(
    chosenName("t".repeat(40), ["c".repeat(40)], "fkey", new Set()),
    `${"t".repeat(29)}_${"c".repeat(28)}_fkey`,
  );
});

test("never cuts a character in two", () => {
  const name = chosenName("é".repeat(40), ["c"], "fkey", new Set());
  assert.ok(Buffer.byteLength(name) <= 63);
  assert.match(name, /^é+_c_fkey$/);
});

test("names a primary key after its table alone", () => {
  assert.equal(chosenName("orders", [], "pkey", new Set()), "orders_pkey");
  assert.equal(chosenName("t".repeat(63), [], "pkey", new Set()), `${"t".repeat(58)}_pkey`);
});
