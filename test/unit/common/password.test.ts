import assert from "node:assert/strict";
import test from "node:test";
import { passwordOf } from "../../../common/password";

test("a role's password is always the same, and differs from every other role's", () => {
  assert.equal(passwordOf("s", "shop_app"), passwordOf("s", "shop_app"));
  assert.notEqual(passwordOf("s", "shop_app"), passwordOf("s", "shop_cdc"));
  assert.notEqual(passwordOf("s", "shop_app"), passwordOf("t", "shop_app"));
});
