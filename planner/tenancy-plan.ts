import { powerOfTwo } from "./capacity";
import { formatNumber } from "./format-number";
import type { Load } from "./load";
import type { Decide } from "./overrides";
import type { Planned, PlannedValues, PlanValues } from "./planned";
import { mostTenants, type Workload } from "./workload";

/**
 * The decision matrix: fewer tenants than the first number get silos, and from the second number on they share tables.
 */
const matrix = { silo: 10, shared: 100 } as const;

type Model = PlanValues["model"];

/** Plans the sharding model, which is the first decision and the most expensive one to change. */
export function planModel(workload: Workload, decide: Decide): Planned<Model> {
  const { tenants, budget } = workload;
  const count = mostTenants(workload);
  const value = count >= matrix.shared ? "shared" : count >= matrix.silo || budget === "lean" ? "schema" : "silo";
  return decide("model", {
    value,
    unit: "",
    reason: reasonOfModel(value, count, budget === "lean" && count < matrix.silo),
    formula: "tenants >= 100: shared; 10 to 99: schema; below 10: silo, with a lean budget schema",
    inputs: { tenants: count, "tenants now": tenants.now, budget },
    less: "the model is changed only by moving every tenant's data; silos cost a server each, schemas a migration each, shared tables isolate by row only",
  });
}

function reasonOfModel(model: Model, count: number, lean: boolean): string {
  const shown = `${formatNumber(count)} tenants`;
  switch (model) {
    case "shared":
      return `${shown}: one migration, one pool and one set of tables for all; row level security parts them.`;
    case "schema":
      return lean
        ? `${shown} would each have a silo; the lean budget buys a schema each on shared nodes.`
        : `${shown}: too many for a server each, few enough to migrate a schema each.`;
    case "silo":
      return `${shown}: few enough for a database each, the strongest isolation; the cost grows with every tenant.`;
  }
}

export function planTenancy(workload: Workload, model: Model, decide: Decide): Pick<PlannedValues, "databases"> {
  const tenants = mostTenants(workload);
  return {
    databases: decide("databases", {
      value: model === "silo" ? tenants : 1,
      unit: "databases",
      reason: model === "silo" ? "A silo is a database of its own." : "All tenants live in one distributed database.",
      formula: model === "silo" ? "tenants" : "1",
      inputs: { tenants, model },
      less: "tenants without a database of their own share one, and its failures",
    }),
  };
}

/** Plans the shards of the tenants' co-location group, and the tenants that get shards of their own. */
export function planShards(
  workload: Workload,
  load: Load,
  model: Model,
  workers: number,
  decide: Decide,
): Pick<PlannedValues, "shardCount" | "isolatedTenants"> {
  const tenants = mostTenants(workload);
  const inputs = { model, workers, "largest share": load.largest, tenants };
  const least =
    "shards can't be spread over more nodes than there are shards, and changing their number rewrites all data";
  const shardCount =
    model === "schema"
      ? decide("shardCount", {
          value: tenants,
          unit: "shards",
          reason: "A schema is one shard group, placed and moved as a whole.",
          formula: "tenants",
          inputs,
          less: "tenants are left without a schema",
        })
      : decide("shardCount", {
          value: model === "silo" && workers === 0 ? 1 : Math.min(1024, powerOfTwo(8 * workers, 32)),
          unit: "shards",
          reason:
            model === "silo" && workers === 0
              ? "A silo fits one node: its tables are not sharded."
              : "Eight shards a worker, so that work spreads evenly and workers can be added without rewriting data; 32 at least.",
          formula:
            model === "silo"
              ? "workers = 0: 1; else 2^n >= max(32, 8 * workers)"
              : "2^n >= max(32, 8 * workers), at most 1,024",
          inputs,
          less: least,
          more: "planning a query and opening connections take longer with every shard",
        });
  const isolated = model === "shared" ? countAbove(1 / (2 * Math.max(1, workers)), load.largest, tenants) : 0;
  const isolatedTenants = decide("isolatedTenants", {
    value: isolated,
    unit: "tenants",
    reason:
      model !== "shared"
        ? "Every tenant has a place of its own already."
        : isolated > 0
          ? "A tenant above half a worker's even share slows those on its shard: the largest get shards of their own."
          : "No tenant reaches half of a worker's even share.",
    formula:
      model === "shared"
        ? "tenants above 1 / (2 * workers), their shares falling as 1, 1/2, 1/3, ..., and those behind the largest sharing what it leaves"
        : "0",
    inputs,
    less: "large tenants share their shard with others, which wait behind them",
    more: "more shards to move and to plan over",
  });
  return { shardCount, isolatedTenants };
}

/**
 * Counts the tenants whose share may exceed the limit. The n-th largest has at most 1/n of the largest share, and at
 * most 1/(n-1) of the rest.
 */
function countAbove(limit: number, largest: number, tenants: number): number {
  let count = 0;
  while (count < tenants && Math.min(largest / (count + 1), count === 0 ? 1 : (1 - largest) / count) > limit) count++;
  return count;
}
