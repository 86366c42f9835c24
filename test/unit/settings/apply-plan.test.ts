import assert from "node:assert/strict";
import test from "node:test";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { isExactlyOnce } from "../../../architecture/data-plane/data-plane-settings";
import { overridesSchema } from "../../../planner/overrides";
import type { Value, ValueName } from "../../../planner/planned";
import { draftPlan, planFor } from "../../../planner/planner";
import { workloadSchema } from "../../../planner/workload";
import { applyPlan } from "../../../settings/apply-plan";
import { kubernetesSchema } from "../../../settings/kubernetes-settings";
import type { Settings } from "../../../settings/settings";

const GiB = 2 ** 30;
const node = { cpu: "1", memory: { bytes: GiB }, storage: { bytes: GiB } };
const settings: Settings = {
  application: "shop",
  platform: "kubernetes",
  citus: "required",
  consistency: "strong",
  shardCount: 32,
  allow: [],
  kafka: { manageTopics: true, replication: 3, consumers: {} },
  endpoints: undefined,
  kubernetes: {
    ...kubernetesSchema.parse({ context: "c", namespace: "n" }),
    workers: 0,
    coordinator: node,
    worker: node,
  },
};
const workloadOf = (writes: number, consistency = "bounded") =>
  workloadSchema.parse({
    tenants: { now: 300, inAYear: 500, largest: "5 %" },
    writes,
    consistency,
    retention: { hot: "3 months", events: "7 days" },
  });

/** What no resource has a place for: the stack lists tenants itself, and each node has a connector. */
const advice = new Set<string>(["databases", "isolatedTenants", "connectors"]);

for (const name of Object.keys(overridesSchema.shape) as ValueName[]) {
  const taken = advice.has(name) ? "is advice: nothing is made differently for it" : "is taken by a resource";
  test(`the plan's value ${name} ${taken}`, () => {
    const workload = workloadOf(5_000);
    const plan = planFor(workload);
    const planned = plan.values[name];
    const other = { ...planned, value: otherThan(planned.value) } as never;
    const changed = applyPlan(settings, workload, { ...plan, values: { ...plan.values, [name]: other } });
    const same = isDeepStrictEqual(changed, applyPlan(settings, workload, plan));
    assert.equal(same, advice.has(name));
  });
}

function otherThan(value: Value): Value {
  if (typeof value === "number") return value + 1;
  return { shared: "schema", transaction: "session", "1 day": "1 hour", off: "on", "at-least-once": "exactly-once" }[
    value
  ] as string;
}

test("takes every size of servers, topics and partitions from the plan", () => {
  const workload = workloadOf(5_000);
  const plan = planFor(workload);
  const { values } = plan;
  const applied = applyPlan(settings, workload, plan);
  assert.equal(applied.consistency, "bounded");
  assert.equal(isExactlyOnce(applied), false);
  assert.equal(applied.shardCount, values.shardCount.value);
  assert.deepEqual(applied.defaults, {
    topicPartitions: values.partitionsPerTopic.value,
    topicRetention: { count: 168, unit: "hour" },
    tableInterval: { count: 1, unit: values.dataInterval.value.slice(2) },
    outboxInterval: { count: 1, unit: values.outboxInterval.value.slice(2) },
  });
  const { kubernetes } = applied;
  assert.equal(kubernetes?.workers, values.workers.value);
  assert.equal(kubernetes?.replicas, values.replicas.value);
  assert.equal(kubernetes?.synchronousMode, "off");
  assert.equal(kubernetes?.maxConnections, values.maxConnections.value);
  assert.equal(kubernetes?.maxSlotWalKeepSize?.bytes, values.maxSlotWalKeepSize.value * GiB);
  assert.deepEqual(kubernetes?.worker, {
    cpu: String(values.workerCores.value),
    memory: { bytes: values.workerMemory.value * GiB },
    storage: { bytes: values.workerStorage.value * GiB },
  });
  assert.equal(kubernetes?.coordinator.cpu, String(values.coordinatorCores.value));
  assert.deepEqual([kubernetes?.pooling, kubernetes?.poolSize], ["transaction", values.poolSize.value]);
  assert.deepEqual(kubernetes?.kafka.broker, {
    ...settings.kubernetes?.kafka.broker,
    storage: { bytes: values.brokerStorage.value * GiB },
  });
  assert.deepEqual([kubernetes?.kafka.replication, kubernetes?.kafka.minInSync], [3, 2]);
  assert.equal(kubernetes?.connect.replicas, values.connectWorkers.value);
});

test("applies an override of the stack, and the values that the plan computes from it", () => {
  const workload = workloadOf(5_000);
  const plan = planFor(workload, { workers: 9, delivery: "exactly-once" });
  const applied = applyPlan(settings, workload, plan);
  assert.equal(applied.kubernetes?.workers, 9);
  assert.equal(applied.shardCount, 128);
  assert.equal(isExactlyOnce(applied), true);
});

test("keeps the stack's settings that are not sizes", () => {
  const workload = workloadOf(50);
  const { kubernetes, ...rest } = applyPlan({ ...settings, allow: ["drop a.b"] }, workload, planFor(workload));
  assert.deepEqual([rest.application, rest.platform, rest.allow], ["shop", "kubernetes", ["drop a.b"]]);
  assert.equal(kubernetes?.context, "c");
});

test("existing servers get no sizes, and their topics get the planned replication", () => {
  const { kubernetes: _, ...external } = settings;
  const workload = workloadOf(50);
  const applied = applyPlan({ ...external, platform: "external" }, workload, planFor(workload));
  assert.equal("kubernetes" in applied, false);
  assert.deepEqual([applied.kafka.replication, applied.kafka.minInSync], [3, 2]);
});

test("more load never lowers a size, and the same load gives the same sizes", () => {
  const sizes = (writes: number) => {
    const workload = workloadOf(writes);
    const { kubernetes, shardCount, defaults } = applyPlan(settings, workload, draftPlan(workload));
    return [
      shardCount,
      kubernetes?.workers ?? 0,
      Number(kubernetes?.worker.cpu),
      kubernetes?.worker.storage.bytes ?? 0,
      kubernetes?.maxConnections ?? 0,
      kubernetes?.poolSize ?? 0,
      kubernetes?.connect.replicas ?? 0,
      kubernetes?.kafka.broker.storage?.bytes ?? 0,
      kubernetes?.maxSlotWalKeepSize?.bytes ?? 0,
      defaults?.topicPartitions ?? 0,
    ];
  };
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 20_000, noNaN: true }),
      fc.double({ min: 1, max: 10, noNaN: true }),
      (load, by) => {
        const [less, more] = [sizes(load), sizes(load * by)];
        assert.deepEqual(sizes(load), less);
        assert.ok(
          less.every((size, index) => size <= (more[index] ?? 0)),
          `${less} > ${more}`,
        );
      },
    ),
    { seed: 20_261, numRuns: 200 },
  );
});
