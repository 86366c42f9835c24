import type { Place, Problem } from "../common/problem";
import type { ValueName } from "../planner/planned";
import { planFor } from "../planner/planner";
import { applyPlan } from "./apply-plan";
import type { Settings } from "./settings";

/** Keys that the plan decides in a stack with a workload, each with the key to set instead. */
const planned: readonly (readonly [path: readonly string[], instead: string])[] = [
  [["tenantry:consistency"], "`consistency` in `tenantry:workload`"],
  [["tenantry:tenancy"], inPlan("model")],
  [["tenantry:shardCount"], inPlan("shardCount")],
  [["tenantry:kubernetes", "workers"], inPlan("workers")],
  [["tenantry:kubernetes", "replicas"], inPlan("replicas")],
  [["tenantry:kubernetes", "coordinator"], inPlan("coordinatorCores", "coordinatorMemory", "coordinatorStorage")],
  [["tenantry:kubernetes", "worker"], inPlan("workerCores", "workerMemory", "workerStorage")],
  [["tenantry:kubernetes", "kafka", "brokers"], inPlan("brokers")],
  [["tenantry:kubernetes", "kafka", "broker", "storage"], inPlan("brokerStorage")],
  [["tenantry:kubernetes", "connect", "replicas"], inPlan("connectWorkers")],
  [["tenantry:kafka", "replication"], inPlan("replicationFactor")],
];

function inPlan(...names: readonly ValueName[]): string {
  return `${names.map((name) => `\`${name}\``).join(", ")} in \`tenantry:plan\`, and \`tenantry plan\` says what that costs`;
}

/**
 * Reports keys that set a value in the wrong place. With a workload, the plan decides and `tenantry:plan` overrides it;
 * without one, the stack's own keys decide.
 */
export function sizeProblems(
  config: Readonly<Record<string, unknown>>,
  placeOf: (...path: string[]) => Place,
): Problem[] {
  if (config["tenantry:workload"] !== undefined) {
    return planned.flatMap(([path, instead]) => {
      if (valueAt(config, path) === undefined) return [];
      const what = `\`${path.join(".")}\` is the plan's to decide, as the stack has a \`tenantry:workload\``;
      return [{ what, fix: `Remove it; to set it yourself, write ${instead}`, at: placeOf("config", ...path) }];
    });
  }
  const problems: Problem[] = [];
  if (config["tenantry:plan"] !== undefined) {
    problems.push({
      what: "`tenantry:plan` sets values of a plan, and there is none without `tenantry:workload`",
      fix: "Add the key `tenantry:workload`, or set the sizes in `tenantry:kubernetes`",
      at: placeOf("config", "tenantry:plan"),
    });
  }
  if (
    config["tenantry:kubernetes"] !== undefined &&
    valueAt(config, ["tenantry:kubernetes", "workers"]) === undefined
  ) {
    problems.push({
      what: "Nothing says how many workers there are",
      expected: "`workers: 2` in `tenantry:kubernetes`, or `tenantry:workload`, from which a plan takes them",
      fix: "Add one of the two",
      at: placeOf("config", "tenantry:kubernetes"),
    });
  }
  return problems;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<string, unknown>)[key] : undefined),
    value,
  );
}

/** Returns the settings, with the plan's sizes if there is a workload. */
export function sized(settings: Settings): Settings {
  const { workload, plan } = settings;
  return workload ? applyPlan(settings, workload, planFor(workload, plan)) : settings;
}
