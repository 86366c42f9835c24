import assert from "node:assert/strict";
import test from "node:test";
import { missingBackups } from "../../../../lint/rules/missing-backups";
import { fixes, found } from "../shop-with";

const bad = `config:
  tenantry:application: shop
  tenantry:kubernetes: { context: prod, namespace: shop, workers: 2 }`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(missingBackups, bad, { in: "yaml" }), [
    "3 Stack `prod` does not say who backs its volumes up",
  ]);
  assert.match((await fixes(missingBackups, bad, { in: "yaml" })).join(), /^Write .backups./);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      missingBackups,
      `config:
  tenantry:application: shop
  tenantry:kubernetes:
    { context: prod, namespace: shop, workers: 2, backups: "Velero, every 6 hours, kept 30 days" }`,
      { in: "yaml" },
    ),
    [],
  );
});

test("requires a reason for no backups", async () => {
  const declared = (backups: string) => bad.replace("workers: 2", `workers: 2, backups: "${backups}"`);
  assert.deepEqual(await found(missingBackups, declared("none"), { in: "yaml" }), [
    "3 Stack `prod` has no backups, and does not say why that may be",
  ]);
  assert.deepEqual(await found(missingBackups, declared("none: may be lost"), { in: "yaml" }), []);
});

test("asks nothing of a stack on external servers", async () => {
  assert.deepEqual(await found(missingBackups, "config: { tenantry:platform: external }", { in: "yaml" }), []);
});
