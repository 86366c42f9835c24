import assert from "node:assert/strict";
import test from "node:test";
import { Problems } from "../../../common/problem";
import type { PlannedValues, ValueName } from "../../../planner/planned";
import { draftPlan, planFor } from "../../../planner/planner";
import { assumptionsOf, parseRates } from "../../../planner/rates";
import { type Workload, workloadSchema } from "../../../planner/workload";

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
