import assert from "node:assert/strict";
import test from "node:test";
import { derivedPassword } from "../../../../components/citus/password-secret";

test("derives the same password in each run, and another one for another role, rotation or cluster", () => {
  const password = derivedPassword("key", "shop_app", 1);
  assert.equal(derivedPassword("key", "shop_app", 1), password);
  const others = [
    derivedPassword("key", "shop_app", 2),
    derivedPassword("key", "shop_cdc", 1),
    derivedPassword("another key", "shop_app", 1),
    // "shop_app1" with rotation 1 must differ from "shop_app" with rotation 11.
    derivedPassword("key", "shop_app1", 1),
    derivedPassword("key", "shop_app", 11),
  ];
  assert.equal(new Set([password, ...others]).size, 6);
});

test("a password has 192 bits and no character that needs escaping in a URL or a shell", () => {
  assert.match(derivedPassword("key", "shop_app", 1), /^[\w-]{32}$/);
});
