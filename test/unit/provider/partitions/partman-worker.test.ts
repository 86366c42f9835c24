import assert from "node:assert/strict";
import test from "node:test";
import { changeList } from "../../../../provider/partitions/partman-worker";

test("adds a database once", () => {
  assert.deepEqual(changeList([], "shop_acme", true), ["shop_acme"]);
  assert.deepEqual(changeList(["shop"], "shop_acme", true), ["shop", "shop_acme"]);
  assert.deepEqual(changeList(["shop", "shop_acme"], "shop_acme", true), ["shop", "shop_acme"]);
});

test("never shortens the list, which would crash the server, but puts another name in the place", () => {
  assert.deepEqual(changeList(["shop", "shop_acme", "shop_globex"], "shop_acme", false), [
    "shop",
    "shop",
    "shop_globex",
  ]);
  assert.deepEqual(changeList(["shop_acme", "shop"], "shop_acme", false), ["shop", "shop"]);
  assert.deepEqual(changeList(["shop_acme"], "shop_acme", false), ["postgres"]);
  assert.deepEqual(changeList(["shop"], "shop_acme", false), ["shop"]);
});

test("gives the next database a filled place", () => {
  assert.deepEqual(changeList(["shop", "shop", "shop_globex"], "shop_initech", true), [
    "shop",
    "shop_initech",
    "shop_globex",
  ]);
});
