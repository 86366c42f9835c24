import assert from "node:assert/strict";
import test from "node:test";
import { unlistedDrop } from "../../../../lint/rules/unlisted-drop";
import { fixes, found } from "../shop-with";

const bad = `config:
  tenantry:application: shop
  tenantry:allow: [drop shop.carts]`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(unlistedDrop, bad, { in: "yaml" }), [
    "3 Stack `prod` may drop `shop.carts` with its rows, and nobody else has signed that",
  ]);
  assert.match((await fixes(unlistedDrop, bad, { in: "yaml" })).join(), /^List .shop.carts./);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      unlistedDrop,
      `config:
  tenantry:application: shop
  tenantry:allow: [redistribute shop.carts]`,
      { in: "yaml" },
    ),
    [],
  );
});

test("accepts a drop that the lint configuration lists", async () => {
  assert.deepEqual(await found(unlistedDrop, bad.replace("shop.carts", "shop.signed"), { in: "yaml" }), []);
});
