import { refuseIfAny } from "../common/problem";
import { memoryForConnections, planConnections } from "./connections";
import { planBrokers, planDelivery, planReaders } from "./event-plan";
import { refusalsOf } from "./limits";
import { loadOf } from "./load";
import { coresPerNode, planCoordinator, planLog, planSafety, planWorkers } from "./node-plan";
import { decideWith, type Overrides } from "./overrides";
import { planPartitions } from "./partition-plan";
import type { Plan, PlannedValues } from "./planned";
import { measuredRates, type Rates } from "./rates";
import { planModel, planShards, planTenancy } from "./tenancy-plan";
import { planTiers, tierWarnings } from "./tier-plan";
import { warningsOf } from "./warnings";
import type { Workload } from "./workload";

/** The plan for the load. Throws Problems if no machine on sale, or no node, can carry the load. */
export function planFor(workload: Workload, overrides: Overrides = {}, rates: Rates = measuredRates): Plan {
  const plan = draftPlan(workload, overrides, rates);
  refuseIfAny(refusalsOf(workload, loadOf(workload, plan.values.model.value, rates), plan.values));
  return plan;
}

/**
 * An architecture for the load, every value with its reason, also if nobody can build it. It is deterministic. With the
 * same model and budget and without overrides, more load never plans less of anything, except isolated tenants: the
 * larger the largest tenant, the less load is left to the others.
 */
export function draftPlan(workload: Workload, overrides: Overrides = {}, rates: Rates = measuredRates): Plan {
  const decide = decideWith(overrides);
  const model = planModel(workload, decide);
  const load = loadOf(workload, model.value, rates);
  const tenancy = planTenancy(workload, model.value, decide);
  const delivery = planDelivery(workload, decide);
  const cores = coresPerNode(load);
  const log = planLog(workload, load, cores, decide);
  const keepGiB = log.maxSlotWalKeepSize.value;
  const connectionsGiB = memoryForConnections(workload, load);
  const needs = { model: model.value, delivery: delivery.value, keepGiB, connectionsGiB };
  const { workers, workerCores, workerMemory, workerStorage } = planWorkers(load, needs, decide);
  const coordinator = planCoordinator(load, needs, workerStorage.value, decide);
  const memory = Math.min(coordinator.coordinatorMemory.value, ...(workers.value > 0 ? [workerMemory.value] : []));
  const values: PlannedValues = {
    model,
    ...tenancy,
    workers,
    workerCores,
    workerMemory,
    workerStorage,
    ...coordinator,
    ...planShards(workload, load, model.value, workers.value, decide),
    ...planSafety(workload, decide),
    ...log,
    ...planConnections(workload, load, memory, decide),
    ...planPartitions(workload, load, cores, decide),
    delivery,
    ...planReaders(workload, tenancy.databases.value, workers.value, decide),
    ...planBrokers(workload, decide),
  };
  const tiers = planTiers(workload, values, rates);
  return { values, tiers, warnings: [...warningsOf(workload, load, values), ...tierWarnings(tiers, values)], rates };
}
