import assert from "node:assert/strict";
import test from "node:test";
import { unprotectedProduction } from "../../../../lint/rules/unprotected-production";
import { fixes, found } from "../shop-with";

const bad = `config:
  tenantry:application: shop
  tenantry:kubernetes: { context: prod, namespace: shop, workers: 2, protect: false }`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(unprotectedProduction, bad, { in: "yaml" }), [
    "3 Stack `prod` lets `destroy` delete its volumes, keys and namespace",
  ]);
  assert.match((await fixes(unprotectedProduction, bad, { in: "yaml" })).join(), /^Write .protect./);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      unprotectedProduction,
      `config:
  tenantry:application: shop
  tenantry:kubernetes: { context: prod, namespace: shop, workers: 2, protect: true }`,
      { in: "yaml" },
    ),
    [],
  );
});

const volume = (stack: string, protect: boolean) => `stack: ${stack}
resources:
  - { type: "kubernetes:core/v1:PersistentVolumeClaim", name: data, protect: ${protect}, inputs: {} }`;

test("requires protection of each resource that holds data in production", async () => {
  assert.deepEqual(await found(unprotectedProduction, volume("prod-eu", false), { in: "yaml" }), [
    "kubernetes:core/v1:PersistentVolumeClaim data `data` of stack `prod-eu` holds what cannot be made again, and is not protected",
  ]);
  assert.deepEqual(await found(unprotectedProduction, volume("prod-eu", true), { in: "yaml" }), []);
  assert.deepEqual(await found(unprotectedProduction, volume("dev", false), { in: "yaml" }), []);
});
