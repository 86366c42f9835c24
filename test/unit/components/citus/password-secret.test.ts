import assert from "node:assert/strict";
import test from "node:test";
import { derivedPassword } from "../../../../components/citus/password-secret";

test("a password is the same in each run, and another for another role, rotation or cluster", () => {
  const password = derivedPassword("key", "shop_app", 1);
  assert.equal(derivedPassword("key", "shop_app", 1), password);
  const others = [
    derivedPassword("key", "shop_app", 2),
    derivedPassword("key", "shop_cdc", 1),
    derivedPassword("another key", "shop_app", 1),
    // Role and rotation don't run into each other.
    derivedPassword("key", "shop_app1", 1),
    derivedPassword("key", "shop_app", 11),
  ];
  assert.equal(new Set([password, ...others]).size, 6);
});

test("a password holds 192 bits and no character that an address or a shell would change", () => {
  assert.match(derivedPassword("key", "shop_app", 1), /^[\w-]{32}$/);
});
