import { planConnections } from "./connections";
import { planBrokers, planDelivery, planReaders } from "./events";
import { loadOf } from "./load";
import { coresPerNode, planCoordinator, planLog, planSafety, planWorkers } from "./nodes";
import { decideWith, type Overrides } from "./overrides";
import { planPartitions } from "./partitions";
import type { Plan, PlannedValues } from "./planned";
import { planModel, planShards, planTenancy } from "./tenancy";
import { warningsOf } from "./warnings";
import type { Workload } from "./workload";

/**
 * An architecture for the load, every value with its reason. Deterministic; and with the same model, the same budget and
 * no overrides, more load never plans less of anything.
 */
export function planFor(workload: Workload, overrides: Overrides = {}): Plan {
  const decide = decideWith(overrides);
  const model = planModel(workload, decide);
  const load = loadOf(workload, model.value);
  const tenancy = planTenancy(workload, model.value, decide);
  const delivery = planDelivery(workload, decide);
  const cores = coresPerNode(load, model.value === "silo");
  const log = planLog(workload, load, cores, decide);
  const keepGiB = log.maxSlotWalKeepSize.value;
  const nodes = planWorkers(load, model.value, delivery.value, keepGiB, decide);
  const workers = nodes.workers.value;
  const workerStorage = nodes.workerStorage.value;
  const values: PlannedValues = {
    model,
    ...tenancy,
    ...nodes,
    ...planCoordinator(load, model.value, { workers, workerStorage, keepGiB }, decide),
    ...planShards(workload, load, model.value, workers, decide),
    ...planSafety(workload, decide),
    ...log,
    ...planConnections(workload, load, workers, decide),
    ...planPartitions(workload, load, cores, decide),
    delivery,
    ...planReaders(workload, tenancy.databases.value, workers, decide),
    ...planBrokers(workload, decide),
  };
  return { values, warnings: warningsOf(workload, load, values) };
}
