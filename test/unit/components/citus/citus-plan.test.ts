import assert from "node:assert/strict";
import test from "node:test";
import { planCitus } from "../../../../components/citus/citus-plan";

const required = { namespace: "shop", database: "shop", workers: 2 };
const MiB = 2 ** 20;

test("fills in the defaults for production", () => {
  const plan = planCitus("citus", required);
  assert.equal(plan.consistency, "strong");
  assert.equal(plan.replicas, 2);
  assert.equal(plan.spread, "required");
  assert.equal(plan.protect, true);
  assert.equal(plan.rotation, 1);
  assert.equal(plan.storageClass, undefined);
  assert.deepEqual(plan.worker, { cpu: "2", memory: { bytes: 8192 * MiB }, storage: { bytes: 102_400 * MiB } });
  assert.match(plan.image, /^ghcr\.io\/tenantry\/citus:17/);
});

test("gives each node a standby unless consistency is `eventual`", () => {
  assert.equal(planCitus("citus", { ...required, consistency: "bounded" }).replicas, 2);
  assert.equal(planCitus("citus", { ...required, consistency: "eventual" }).replicas, 1);
});

test("rejects a cluster without workers", () => {
  assert.throws(() => planCitus("citus", { ...required, workers: 0 }), /got: +workers: 0\n +expected: at least 1/);
});

test("rejects strong consistency without a standby, with both fixes", () => {
  assert.throws(
    () => planCitus("citus", { ...required, replicas: 1 }),
    /needs a standby[\s\S]*got: +replicas: 1[\s\S]*2 or more, or consistency to `eventual`/,
  );
});

test("rejects all sizes that are too small for the database, in one error", () => {
  const tiny = { cpu: "1", memory: { bytes: 256 * MiB }, storage: { bytes: 512 * MiB } };
  assert.throws(
    () => planCitus("citus", { ...required, coordinator: tiny, worker: tiny }),
    (error: Error) => {
      assert.match(error.message, /A coordinator with so little memory[\s\S]*got: +memory: 256 MiB/);
      assert.match(
        error.message,
        /The volume of a worker has no room[\s\S]*got: +storage: 512 MiB[\s\S]*at least 1 GiB/,
      );
      return true;
    },
  );
});
