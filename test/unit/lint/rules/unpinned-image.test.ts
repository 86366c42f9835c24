import assert from "node:assert/strict";
import test from "node:test";
import { unpinnedImage } from "../../../../lint/rules/unpinned-image";
import { fixes, found } from "../shop-with";

const bad = `config:
  tenantry:application: shop
  tenantry:kubernetes: { context: prod, namespace: shop, workers: 2, image: "ghcr.io/tenantry/citus:latest" }`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(unpinnedImage, bad, { in: "yaml" }), [
    "3 Image `ghcr.io/tenantry/citus:latest` is whatever was pushed last",
  ]);
  assert.match((await fixes(unpinnedImage, bad, { in: "yaml" })).join(), /^Name a/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      unpinnedImage,
      `config:
  tenantry:application: shop
  tenantry:kubernetes: { context: prod, namespace: shop, workers: 2, image: "ghcr.io/tenantry/citus:17-13.2" }`,
      { in: "yaml" },
    ),
    [],
  );
});

const container = (image: string) => `resources:
  - type: kubernetes:core/v1:Pod
    name: it
    inputs: { spec: { containers: [{ image: "${image}" }] } }`;

test("checks containers, accepts a digest, and does not treat a registry's port as a tag", async () => {
  for (const image of ["citus", "citus:edge", "registry.example.com:5000/citus"]) {
    assert.deepEqual(await found(unpinnedImage, container(image), { in: "yaml" }), [
      `kubernetes:core/v1:Pod it Image \`${image}\` is whatever was pushed last`,
    ]);
  }
  for (const image of ["citus:17", `citus@sha256:${"a".repeat(64)}`]) {
    assert.deepEqual(await found(unpinnedImage, container(image), { in: "yaml" }), []);
  }
});
