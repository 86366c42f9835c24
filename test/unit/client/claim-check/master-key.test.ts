import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { MasterKeys } from "../../../../client/claim-check/master-key";

const first = { id: "first", key: randomBytes(32) };

test("the first master key encrypts, and each decrypts what it encrypted", () => {
  const key = randomBytes(32);
  const second = { id: "second", key: randomBytes(32).toString("base64") };
  const wrapped = new MasterKeys([first]).wrap("k", key);
  assert.equal(wrapped.master_key, "first");
  assert.ok(new MasterKeys([second, first]).unwrap("k", wrapped).equals(key));
  assert.equal(new MasterKeys([second, first]).wrap("k", key).master_key, "second");
});

test("rejects no master key, two of one name, and one that does not have 32 bytes", () => {
  assert.throws(() => new MasterKeys([]), /needs a master key/);
  assert.throws(() => new MasterKeys([first, { ...first, key: randomBytes(32) }]), /have the same id/);
  assert.throws(() => new MasterKeys([{ id: "short", key: randomBytes(31) }]), /`short` has 31 bytes and needs 32/);
  assert.throws(() => new MasterKeys([{ id: "empty", key: "" }]), /`empty` has 0 bytes[\s\S]*openssl rand/);
});

test("a tenant's key does not decrypt under the id of another, nor when it was cut", () => {
  const keys = new MasterKeys([first]);
  const wrapped = keys.wrap("k", randomBytes(32));
  assert.throws(() => keys.unwrap("other", wrapped), /`first` does not decrypt the tenant's key other/);
  for (const cut of ["", wrapped.wrapped.slice(0, 8), wrapped.wrapped.slice(0, 40)]) {
    assert.throws(() => keys.unwrap("k", { ...wrapped, wrapped: cut }), /does not decrypt/);
  }
});
