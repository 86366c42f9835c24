import type { Size } from "../common/size";
import { intervalDuration } from "../planner/partition-plan";
import type { Plan, PlannedValues } from "../planner/planned";
import type { Workload } from "../planner/workload";
import type { KubernetesSettings } from "./kubernetes-settings";
import type { NodeSize } from "./pod-size";
import type { Settings } from "./settings";

/** Applies a plan's sizes to a stack's settings. The plan already contains the stack's overrides (`tenantry:plan`). */
export function applyPlan(settings: Settings, { consistency }: Workload, { values }: Plan): Settings {
  const { kubernetes } = settings;
  return {
    ...settings,
    consistency,
    delivery: values.delivery.value,
    tenancy: { model: values.model.value, tenants: [] },
    shardCount: values.shardCount.value,
    kafka: {
      ...settings.kafka,
      replication: values.replicationFactor.value,
      minInSync: values.minInsyncReplicas.value,
    },
    defaults: {
      topicPartitions: values.partitionsPerTopic.value,
      topicRetention: { count: values.eventRetention.value, unit: "hour" },
      tableInterval: intervalDuration(values.dataInterval.value),
      outboxInterval: intervalDuration(values.outboxInterval.value),
    },
    ...(kubernetes && { kubernetes: sizeServers(kubernetes, values) }),
  };
}

function sizeServers(kubernetes: KubernetesSettings, values: PlannedValues): KubernetesSettings {
  return {
    ...kubernetes,
    workers: values.workers.value,
    replicas: values.replicas.value,
    coordinator: nodeSize(
      values.coordinatorCores.value,
      values.coordinatorMemory.value,
      values.coordinatorStorage.value,
    ),
    worker: nodeSize(values.workerCores.value, values.workerMemory.value, values.workerStorage.value),
    synchronousMode: values.synchronousMode.value,
    maxConnections: values.maxConnections.value,
    pooling: values.pooling.value,
    poolSize: values.poolSize.value,
    maxWalSize: gibibytes(values.maxWalSize.value),
    maxSlotWalKeepSize: gibibytes(values.maxSlotWalKeepSize.value),
    kafka: {
      ...kubernetes.kafka,
      brokers: values.brokers.value,
      broker: { ...kubernetes.kafka.broker, storage: gibibytes(values.brokerStorage.value) },
      replication: values.replicationFactor.value,
      minInSync: values.minInsyncReplicas.value,
    },
    connect: { ...kubernetes.connect, replicas: values.connectWorkers.value },
  };
}

function nodeSize(cores: number, memoryGiB: number, storageGiB: number): NodeSize {
  return { cpu: String(cores), memory: gibibytes(memoryGiB), storage: gibibytes(storageGiB) };
}

function gibibytes(count: number): Size {
  return { bytes: count * 2 ** 30 };
}
