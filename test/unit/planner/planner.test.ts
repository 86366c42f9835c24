import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { Problems } from "../../../common/problem";
import type { Interval, PlannedValues, ValueName } from "../../../planner/planned";
import { draftPlan, planFor } from "../../../planner/planner";
import { assumptionsOf, parseRates } from "../../../planner/rates";
import { type Workload, workloadSchema } from "../../../planner/workload";

const runs = { seed: 20_261, numRuns: 400 };

const workloads: fc.Arbitrary<Workload> = fc.record({
  tenants: fc
    .record({
      now: fc.integer({ min: 1, max: 200_000 }),
      more: fc.integer({ min: 0, max: 200_000 }),
      skew: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ now, more, skew }) => ({ now, inAYear: now + more, largest: 1 / now + (1 - 1 / now) * skew })),
  writes: fc.double({ min: 0, max: 50_000, noNaN: true }),
  reads: fc.double({ min: 0, max: 200_000, noNaN: true }),
  events: fc.double({ min: 0, max: 50_000, noNaN: true }),
  rowSize: fc.integer({ min: 1, max: 20_000 }).map((bytes) => ({ bytes })),
  eventSize: fc.integer({ min: 1, max: 20_000 }).map((bytes) => ({ bytes })),
  retention: fc
    .tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 60 }))
    .map(([hot, more, events]) => ({
      hot: { count: hot, unit: "day" as const },
      warm: { count: hot + more, unit: "day" as const },
      events: { count: events, unit: "day" as const },
    })),
  consistency: fc.constantFrom("strong", "bounded", "eventual"),
  availability: fc.constantFrom("none", "zone"),
  budget: fc.constantFrom("lean", "balanced", "ample"),
  outage: fc.integer({ min: 1, max: 96 }).map((count) => ({ count, unit: "hour" as const })),
});

/** One part of the load raised, and by how much. */
const raises: Readonly<Record<string, (workload: Workload, by: number) => Workload>> = {
  writes: (workload, by) => ({ ...workload, writes: workload.writes * by }),
  reads: (workload, by) => ({ ...workload, reads: workload.reads * by }),
  events: (workload, by) => ({ ...workload, events: workload.events * by }),
  "the size of rows": (workload, by) => ({ ...workload, rowSize: { bytes: workload.rowSize.bytes * by } }),
  "the size of events": (workload, by) => ({ ...workload, eventSize: { bytes: workload.eventSize.bytes * by } }),
  "the largest tenant": (workload, by) => ({
    ...workload,
    tenants: { ...workload.tenants, largest: Math.min(1, workload.tenants.largest * by) },
  }),
  tenants: (workload, by) => ({
    ...workload,
    tenants: { ...workload.tenants, inAYear: Math.ceil(workload.tenants.inAYear * by) },
  }),
  "the retention of events": (workload, by) => ({
    ...workload,
    retention: {
      ...workload.retention,
      events: { ...workload.retention.events, count: Math.ceil(workload.retention.events.count * by) },
    },
  }),
  "the outage": (workload, by) => ({
    ...workload,
    outage: { ...workload.outage, count: Math.ceil(workload.outage.count * by) },
  }),
};

const seconds: Readonly<Record<Interval, number>> = {
  "1 hour": 3_600,
  "1 day": 86_400,
  "1 week": 604_800,
  "1 month": 2_592_000,
};

/** Every value as a number that more load may only raise: a shorter interval is more partitions. */
function amounts(values: PlannedValues): [ValueName, number][] {
  return Object.entries(values).flatMap(([name, { value }]) => {
    const amount = typeof value === "number" ? value : value in seconds ? -seconds[value as Interval] : undefined;
    return amount === undefined ? [] : [[name as ValueName, amount] as [ValueName, number]];
  });
}

for (const [part, raise] of Object.entries(raises)) {
  test(`raising ${part} never plans less of anything`, () => {
    fc.assert(
      fc.property(workloads, fc.double({ min: 1, max: 50, noNaN: true }), (workload, by) => {
        const before = draftPlan(workload).values;
        const after = draftPlan(raise(workload, by)).values;
        // Another model is another architecture: a silo each costs more than tables for all.
        fc.pre(before.model.value === after.model.value);
        const raised = new Map(amounts(after));
        for (const [name, amount] of amounts(before)) {
          // A larger share of the largest tenant leaves less to those behind it.
          if (part === "the largest tenant" && name === "isolatedTenants") continue;
          assert.ok((raised.get(name) ?? Number.NaN) >= amount, `${name}: ${amount} falls to ${raised.get(name)}`);
        }
      }),
      runs,
    );
  });
}

test("higher availability never plans fewer pods, copies or brokers", () => {
  fc.assert(
    fc.property(workloads, (workload) => {
      const plans = (["none", "zone"] as const).map((availability) => draftPlan({ ...workload, availability }).values);
      for (const name of ["replicas", "replicationFactor", "brokers", "minInsyncReplicas", "connectWorkers"] as const) {
        const counts = plans.map((values) => values[name].value);
        assert.deepEqual(
          counts,
          counts.toSorted((a, b) => a - b),
          name,
        );
      }
    }),
    runs,
  );
});

test("the same workload gives the same plan", () => {
  fc.assert(
    fc.property(workloads, (workload) => assert.deepEqual(draftPlan(structuredClone(workload)), draftPlan(workload))),
    { ...runs, numRuns: 100 },
  );
});

test("the planned workers hold the peak, the rows and the log", () => {
  fc.assert(
    fc.property(workloads, (workload) => {
      const { workers, workerCores, databases, workerStorage, maxSlotWalKeepSize } = draftPlan(workload).values;
      const part = databases.value > 1 || workers.unit.endsWith("silo") ? workload.tenants.largest : 1;
      const perSecond = 3 * part * (Math.max(workload.writes, workload.events) / 400 + workload.reads / 700);
      assert.ok(workerCores.value * Math.max(1, workers.value) >= perSecond);
      const hotGiB =
        (workload.writes * part * workload.rowSize.bytes * 2 * workload.retention.hot.count * 86_400) / 2 ** 30;
      assert.ok(Math.max(1, workers.value) * (workerStorage.value - maxSlotWalKeepSize.value) >= hotGiB);
      assert.ok(workerStorage.value > maxSlotWalKeepSize.value || maxSlotWalKeepSize.value < 32);
    }),
    runs,
  );
});

test("every value has a reason and a formula", () => {
  fc.assert(
    fc.property(workloads, (workload) => {
      for (const [name, { reason, formula, inputs }] of Object.entries(draftPlan(workload).values)) {
        assert.match(reason, /\.$/, name);
        assert.notEqual(formula, "", name);
        assert.notDeepEqual(inputs, {}, name);
      }
    }),
    { ...runs, numRuns: 50 },
  );
});

const small: Workload = {
  tenants: { now: 200, inAYear: 500, largest: 0.05 },
  writes: 20,
  reads: 100,
  events: 20,
  rowSize: { bytes: 512 },
  eventSize: { bytes: 1024 },
  retention: { hot: { count: 1, unit: "month" }, events: { count: 7, unit: "day" } },
  consistency: "strong",
  availability: "zone",
  budget: "balanced",
  outage: { count: 12, unit: "hour" },
};

const modelOf = (inAYear: number, budget: Workload["budget"] = "balanced") =>
  planFor({ ...small, budget, tenants: { now: 1, inAYear, largest: 1 } }).values.model.value;

test("the model follows the decision matrix, by the tenants in a year", () => {
  assert.deepEqual(
    [1, 9, 10, 99, 100].map((count) => modelOf(count)),
    ["silo", "silo", "schema", "schema", "shared"],
  );
});

test("with a lean budget, few tenants get a schema each instead of a silo", () => {
  assert.equal(modelOf(5, "lean"), "schema");
});

test("only strong consistency plans exactly-once delivery and commits that wait for a standby", () => {
  const of = (consistency: Workload["consistency"]) => {
    const { delivery, synchronousMode, replicas } = planFor({ ...small, consistency }).values;
    return [delivery.value, synchronousMode.value, replicas.value];
  };
  assert.deepEqual(of("strong"), ["exactly-once", "strict", 3]);
  assert.deepEqual(of("bounded"), ["at-least-once", "off", 2]);
  assert.deepEqual(of("eventual"), ["at-least-once", "off", 2]);
});

test("a silo has a connector for every tenant's database", () => {
  const { databases, connectors, workers } = planFor({
    ...small,
    tenants: { now: 8, inAYear: 8, largest: 0.4 },
  }).values;
  assert.deepEqual([databases.value, workers.value, connectors.value], [8, 0, 8]);
});

test("an override replaces the planned value, shows its cost, and is used for the values computed later", () => {
  const { workers, connectors } = planFor(small, { workers: 5 }).values;
  assert.equal(workers.value, 5);
  assert.deepEqual(workers.overridden, {
    planned: 2,
    cost: "5 workers instead of 2 workers (+150 %): money, and more connections between nodes",
  });
  assert.equal(connectors.value, 5);
  assert.equal(connectors.overridden, undefined);
});

test("an override with fewer workers reports the load of the peak on them", () => {
  const { workers } = planFor({ ...small, reads: 40_000 }, { workers: 2 }).values;
  assert.match(workers.overridden?.cost ?? "", /needs \d+ % of the workers' cores: it does not fit/);
});

test("without workers, the coordinator holds all shards", () => {
  const { workers, connectors } = planFor(small, { workers: 0 }).values;
  assert.match(workers.overridden?.cost ?? "", /the coordinator holds every shard/);
  assert.equal(connectors.value, 1);
});

test("an override equal to the planned value does not count as one", () => {
  assert.equal(planFor(small, { workers: 2 }).values.workers.overridden, undefined);
});

test("every value can be overridden, and every override reports a cost", () => {
  const planned = planFor(small).values;
  for (const [name, { value }] of Object.entries(planned)) {
    const other = typeof value === "number" ? value + 1 : name.endsWith("Interval") ? "1 week" : `other than ${value}`;
    const values: PlannedValues = draftPlan(small, { [name]: other }).values;
    assert.notEqual(values[name as ValueName].overridden?.cost, undefined, name);
  }
});

const warned = (workload: Partial<Workload>, overrides = {}) =>
  draftPlan({ ...small, ...workload }, overrides).warnings.join("\n");

test("warns of risks that no single value shows", () => {
  assert.match(
    warned({ reads: 40_000, tenants: { now: 200, inAYear: 500, largest: 0.5 } }),
    /largest tenant alone needs/,
  );
  assert.match(warned({ reads: 40_000 }), /One coordinator can't route the peak/);
  assert.match(warned({ availability: "none" }), /without a standby/);
  assert.match(warned({}, { minInsyncReplicas: 3 }), /one broker's restart stops all events/);
  assert.match(
    warned({}, { replicationFactor: 1, minInsyncReplicas: 2 }),
    /2 copies must be written.*there are 1: none/,
  );
  assert.match(warned({}, { replicationFactor: 4 }), /need as many brokers/);
  assert.match(
    warned({}, { maxConnections: 70 }),
    /The pool takes 30 connections while its pods are replaced, and 50 are for others: of 70 PgBouncer gets fewer/,
  );
  assert.match(warned({}, { shardCount: 1 }), /some stay empty/);
  assert.match(warned({}, { workerStorage: 1 }), /slot without a reader stops the node/);
  assert.match(warned({ tenants: { now: 8, inAYear: 500, largest: 0.2 } }), /would fit today's tenants/);
  assert.equal(warned({}), "");
});

test("a plan that isolates tenants names the key of the stack file for them", () => {
  const workload = {
    ...workloadSchema.parse({
      tenants: { now: 300, inAYear: 500, largest: "30 %" },
      writes: 5_000,
      retention: { hot: "3 months" },
    }),
  };
  const { values, warnings } = planFor(workload);
  assert.ok(values.isolatedTenants.value > 0);
  assert.ok(warnings.some((warning) => warning.includes("`tenantry:isolatedTenants: [ID, ...]`")));
});

test("isolates the tenants that can exceed half of a worker's share", () => {
  const isolated = (largest: number, workers: number) =>
    draftPlan({ ...small, tenants: { now: 200, inAYear: 200, largest } }, { workers }).values.isolatedTenants.value;
  // One tenant of 90 % leaves 10 % to the others: two of 5 %, three of 3.3 %, and so on.
  assert.equal(isolated(0.9, 4), 1);
  assert.equal(isolated(0.9, 20), 4);
  assert.equal(isolated(0.05, 2), 0);
  assert.equal(isolated(0.3, 4), 2);
});

test("plans one node for a silo, because all rows of its tenant lie on one node", () => {
  const { workers, coordinatorCores } = draftPlan({
    ...small,
    writes: 5_000,
    tenants: { now: 5, inAYear: 5, largest: 0.5 },
  }).values;
  assert.deepEqual([workers.value, coordinatorCores.value], [0, 64]);
});

test("max_wal_size holds the WAL of almost two checkpoints", () => {
  const { maxWalSize } = draftPlan({ ...small, writes: 2_000, events: 2_000 }).values;
  const perSecond = Number(String(maxWalSize.inputs["log a second"]).split(" ")[0]) * 1024;
  assert.ok(maxWalSize.value * 2 ** 30 >= perSecond * 3 * 900 * 1.9);
});

test("the pool and max_connections never take more than a quarter of the memory", () => {
  fc.assert(
    fc.property(workloads, (workload) => {
      const { maxConnections, coordinatorMemory, poolSize } = draftPlan(workload).values;
      assert.ok(maxConnections.value * 10 <= Math.max(1_000, (coordinatorMemory.value * 1024) / 4 + 500));
      assert.ok(poolSize.value >= 20);
    }),
    runs,
  );
});

test("memory follows the cached rows and the connections, not only the cores", () => {
  const days = (count: number) => ({
    hot: { count, unit: "day" as const },
    events: { count: 3, unit: "day" as const },
  });
  const memoryOf = (changes: Partial<Workload>) => draftPlan({ ...small, ...changes }).values.workerMemory.value;
  const busy = { writes: 4_000, events: 0, rowSize: { bytes: 40 } };
  const cores = draftPlan({ ...small, ...busy }).values.workerCores.value;
  assert.equal(memoryOf({ ...busy, retention: days(1) }), 2 * cores, "little is kept: as machines for computing");
  assert.equal(memoryOf({ ...busy, rowSize: { bytes: 2_000 }, retention: days(400) }), 8 * cores, "for memory");
  assert.equal(memoryOf({ writes: 1, reads: 1, events: 0 }), 8, "the least");
  const many = draftPlan({ ...small, ...busy, reads: 100_000, retention: days(1) }, { workerCores: 4 }).values;
  assert.equal(many.workerMemory.value, 32, "the connections");
  assert.match(
    warned({ ...busy, rowSize: { bytes: 2_000 }, retention: days(400) }),
    /GiB of a node's rows are read again and again.*Set `workerMemory`/,
  );
});

test("warns of an implausible or very large load", () => {
  assert.match(warned({ writes: 0, reads: 0, events: 0 }), /neither writes nor reads/);
  assert.match(warned({ tenants: { now: 500, inAYear: 200, largest: 0.05 } }), /the plan is for the 500 of now/);
  assert.match(warned({ consistency: "eventual" }), /plans what `bounded` does/);
  assert.match(warned({ eventSize: { bytes: 200 * 1024 } }), /Events of 200 KiB.*claim check/);
  assert.match(warned({ reads: 100_000 }), /10,\d+ transactions in progress|\d+ transactions in progress.*PgBouncer/);
  assert.match(
    warned({ events: 20_000, writes: 20_000, tenants: { now: 200, inAYear: 500, largest: 0.5 } }),
    /one connector reads 14,000/,
  );
  const years = { hot: { count: 5, unit: "year" as const }, events: { count: 7, unit: "day" as const } };
  assert.match(
    warned({ retention: years, writes: 3_000 }, { shardCount: 128, dataInterval: "1 day" }),
    /1,82\d partitions of 128 shards each, 233,\d{3} tables/,
  );
});

/** What a plan is refused for, with its value. */
function refused(workload: Partial<Workload>): string[] {
  try {
    planFor({ ...small, ...workload });
  } catch (error) {
    if (error instanceof Problems) return error.problems.map(({ what, got }) => `${what} (${got})`);
    throw error;
  }
  return [];
}

test("rejects a load that no machine can carry, with all reasons together", () => {
  const most = { tenants: { now: 200, inAYear: 200, largest: 0.9 }, writes: 100_000, events: 100_000 };
  const reasons = refused(most);
  assert.match(reasons[0] ?? "", /^No machine holds the largest tenant.*\(1,351 cores at its peak\)$/);
  assert.ok(reasons.some((reason) => /^One stack can't carry the load \(\d+ workers\)$/.test(reason)));
  assert.deepEqual(refused({}), []);
});

test("rejects a tenant whose rows exceed the largest volume", () => {
  const years = { hot: { count: 20, unit: "year" as const }, events: { count: 7, unit: "day" as const } };
  const reasons = refused({
    retention: years,
    writes: 500,
    rowSize: { bytes: 65_536 },
    tenants: { now: 200, inAYear: 200, largest: 0.9 },
  });
  assert.ok(
    reasons.some((reason) => reason.startsWith("No volume holds the largest tenant's rows")),
    reasons.join(),
  );
});

test("rejects an event that does not fit into a Kafka record", () => {
  assert.deepEqual(refused({ eventSize: { bytes: 2 * 2 ** 20 } }), [
    "An event does not fit into a Kafka record (eventSize: 2,097,152 B)",
  ]);
  assert.deepEqual(refused({ events: 0, eventSize: { bytes: 2 * 2 ** 20 } }), []);
});

test("uses a team's own rates instead of the measured ones", () => {
  const rates = parseRates({ path: "rates.yaml", text: "writesPerCore: 800\nreadsPerCore: 1400\n" });
  const [ours, theirs] = [draftPlan({ ...small, reads: 40_000 }), draftPlan({ ...small, reads: 40_000 }, {}, rates)];
  assert.ok(theirs.values.workers.value < ours.values.workers.value);
  assert.match(assumptionsOf(rates)[0] ?? "", /^800 writing transactions .*\(your rate\)$/);
  assert.match(assumptionsOf(rates)[2] ?? "", /14,000 .*\(measured on two noisy cores\)/);
});

test("reports an invalid rate and an unknown key together", () => {
  assert.throws(
    () => parseRates({ path: "rates.yaml", text: "writesPerCore: 0\nwritesPerCores: 3\n" }),
    (error: Problems) => error.problems.length === 2 && error.problems.every(({ at }) => at?.file === "rates.yaml"),
  );
});

test("rejects `availability: region`, and names alternatives", () => {
  const parsed = workloadSchema.safeParse({
    tenants: { now: 10, largest: "20 %" },
    writes: 1,
    retention: { hot: "1 month" },
    availability: "region",
  });
  assert.match(parsed.error?.issues[0]?.message ?? "", /a stack lives in one region.*backups, or a second stack/);
});
