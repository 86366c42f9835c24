import assert from "node:assert/strict";
import test from "node:test";
import { changeList } from "../../../../provider/partitions/partman-worker";

test("a database is added once", () => {
  assert.deepEqual(changeList([], "shop_acme", true), ["shop_acme"]);
  assert.deepEqual(changeList(["shop"], "shop_acme", true), ["shop", "shop_acme"]);
  assert.deepEqual(changeList(["shop", "shop_acme"], "shop_acme", true), ["shop", "shop_acme"]);
});

test("the list never becomes shorter, as the worker would crash the server: another name fills the place", () => {
  assert.deepEqual(changeList(["shop", "shop_acme", "shop_globex"], "shop_acme", false), [
    "shop",
    "shop",
    "shop_globex",
  ]);
  assert.deepEqual(changeList(["shop_acme", "shop"], "shop_acme", false), ["shop", "shop"]);
  assert.deepEqual(changeList(["shop_acme"], "shop_acme", false), ["postgres"]);
  assert.deepEqual(changeList(["shop"], "shop_acme", false), ["shop"]);
});

test("the next database takes the place that is filled", () => {
  assert.deepEqual(changeList(["shop", "shop", "shop_globex"], "shop_initech", true), [
    "shop",
    "shop_initech",
    "shop_globex",
  ]);
});
